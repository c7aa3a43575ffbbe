"""The look-alike of Uzum's product service."""
