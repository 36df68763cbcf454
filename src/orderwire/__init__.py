"""Orderwire, the order-data engine of a shop.

As a library, a shop is opened by its folder and handed to the functions of `orderwire.app`::

    import orderwire
    from orderwire.app.books import status

    with orderwire.open("my-shop") as shop:
        for one in status(shop):
            print(one.destination, one.behind)
"""

from orderwire.app.bootstrap import Shop
from orderwire.app.bootstrap import open_shop as open  # noqa: A004 - `orderwire.open` reads as what it does

__all__ = ["Shop", "open"]
