"""A local stand-in of Klaviyo's server API, revision 2026-10-15.

Not played: the browser's `/client` endpoints, the retired legacy API, campaigns, templates, flows and reports.
"""

from orderwire.sandbox.klaviyo.stand_in import Klaviyo

__all__ = ["Klaviyo"]
