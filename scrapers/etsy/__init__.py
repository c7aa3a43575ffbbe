"""Etsy through its Open API v3: active listings, their images and shops. Facts: Etsy's OpenAPI document of 2024-01."""
