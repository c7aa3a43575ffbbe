"""Uzum Market (uzum.uz): product cards by their ids."""
