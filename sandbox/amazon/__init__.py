"""The Amazon look-alike: product and search pages of six countries, in the layouts of 2020 and of 2023."""
