"""The Etsy look-alike: active listings and the batch call. Shapes after Etsy's OpenAPI document of 2024-01."""
