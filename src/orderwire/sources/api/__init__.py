"""A shop's own API as a source: what to read and when is decided here, how it is asked is the connector's."""
