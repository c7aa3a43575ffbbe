"""The Reddit look-alike: OAuth, new posts, search and a weekly thread, with trades as people write them."""
