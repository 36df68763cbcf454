"""Renders and sends e-mail, with the links that let a person leave."""
