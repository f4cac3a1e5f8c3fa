"""What decides a generated haystack video, and the id that names it: "generated:minutes=15,seed=7"."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worlds.errors import InputError

PREFIX = "generated:"


class HaystackSpec(BaseModel):
    """Everything that decides a generated video."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: float = Field(default=15.0, ge=1.0, le=120.0, description="Length of the video in minutes")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Seed of everything that is drawn by chance")
    needles: int = Field(default=1, ge=1, le=2, description="Number of needles; two make a question about their order")
    cues: bool = Field(default=True, description="Furniture stands in the needle's room, so cue objects can guide the search")
    needle_s: float = Field(default=6.0, ge=2.0, le=30.0, description="Seconds for which a needle is visible")
    decoys: bool = Field(default=True, description="Look-alikes appear: the needle's shape in another colour and the reverse")

    @classmethod
    def from_id(cls, video_id: str) -> "HaystackSpec":
        """Return the spec that an id such as "generated:minutes=15,seed=7" names; missing parts take their defaults.

        Raises:
            InputError: the id has another prefix, an unknown or repeated part, or a value out of bounds.
        """
        known = ", ".join(cls.model_fields)
        if not video_id.startswith(PREFIX):
            raise InputError(f"{video_id[:80]!r} is not a generated video. Its id starts with {PREFIX!r}.")
        values: dict[str, str] = {}
        for part in filter(None, video_id[len(PREFIX) :].split(",")):
            key, equals, value = part.partition("=")
            key = key.strip()
            if key not in cls.model_fields or not equals:
                raise InputError(f"{part[:80]!r} is no part of a generated video. The parts are name=value with {known}.")
            if key in values:
                raise InputError(f"{key!r} stands twice in {video_id[:80]!r}. Each part may stand once.")
            values[key] = value.strip()
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = first["loc"][0]
            raise InputError(f"{name}={values.get(str(name), '')[:80]!r} cannot be used. {first['msg']}.") from error

    @property
    def id(self) -> str:
        """Return the id that names exactly this video: every part in one order."""
        parts = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            text = ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
            parts.append(f"{name}={text}")
        return PREFIX + ",".join(parts)
