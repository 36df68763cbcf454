"""Our own JSON, both ways."""

from orderwire.dialects.native.read import Piece, Reading, read_batch, read_one
from orderwire.dialects.native.schema import schema
from orderwire.dialects.native.types import TYPES
from orderwire.dialects.native.write import write

__all__ = ["TYPES", "Piece", "Reading", "read_batch", "read_one", "schema", "write"]
