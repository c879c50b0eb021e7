"""The base of all typed, frozen parameters, and how each is described to a person."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Parameters(BaseModel):
    """A group of parameters: frozen, and an unknown key is an error."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        ser_json_inf_nan="constants",  # TOML has infinity; left to itself pydantic writes null
    )


def parameter(default: Any, text: str, *, unit: str = "", source: str = "", **bounds: Any) -> Any:
    """A field with its description, unit and the source of its default.

    `bounds` are pydantic's: ge, gt, le, lt, min_length, ...; they are printed as the range.
    """
    return Field(
        default, description=text, json_schema_extra={"unit": unit, "source": source}, **bounds
    )
