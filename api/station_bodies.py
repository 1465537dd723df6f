"""What the station page sends: bodies of JSON, of bounded length."""

from typing import Annotated, Any, Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError

from healthcard.card import Profile

from . import problems
from .desk import Face
from .guard import limited_body

LARGEST_JSON = 1024 * 1024
Anything: TypeAdapter[Any] = TypeAdapter(Any)


class Sent(BaseModel):
    """A body of JSON; what it says of people is looked at by the library, not here."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)


S = TypeVar("S", bound=BaseModel)


class Passphrase(Sent):
    passphrase: Annotated[str, Field(max_length=1024)]


class Printed(Sent):
    """How the face is to look."""

    template: Annotated[str, Field(max_length=40)] = "a7"
    language: Annotated[str | None, Field(max_length=10)] = None
    text_light: bool = False

    def face(self) -> Face:
        return Face(self.template, self.language, self.text_light)


class Given(Printed):
    """A record as it stands in the form."""

    record: dict[str, Any]
    profile: Profile | None = None


class Signed(Given):
    """A record to be signed: she was told the notice, and each unlikely value was typed again."""

    notice_told: Literal[True]
    typed_again: dict[str, str] = {}


class Continuing(Printed):
    """What is new of a card, or what is left out of it."""

    texts: Annotated[list[str], Field(min_length=1, max_length=16)]
    change: dict[str, Any] | None = None
    sticker: bool = False
    leave_out: list[str] = []
    whose: dict[str, int] = {}
    withhold_sources: bool = False
    profile: Profile | None = None

    def how(self) -> dict[str, Any]:
        """What `continuing.draft` is told beside the change."""
        whose = {int(person): other for person, other in self.whose.items() if person.isdecimal()}
        return {"sticker": self.sticker, "leave_out": self.leave_out, "whose": whose, "withhold_sources": self.withhold_sources}


class Drafted(RootModel[Given | Continuing]):
    """A card that nobody has signed yet, new or continued."""

    model_config = ConfigDict(hide_input_in_errors=True, strict=True)


class Changed(Continuing):
    """A change to be signed, as a record is; `lose_sealed` says that she agrees to lose sealed entries."""

    notice_told: Literal[True]
    typed_again: dict[str, str] = {}
    lose_sealed: bool = False


class Texts(Sent):
    texts: Annotated[list[str], Field(min_length=1, max_length=16)]


class Printer(Sent):
    printer: Annotated[str, Field(max_length=127)]


async def json_of(request: Request) -> Any:
    """The JSON of a body; refused where it is too long or no JSON."""
    body = await limited_body(request, LARGEST_JSON)
    try:
        return Anything.validate_json(body)
    except ValidationError:
        raise problems.refusal(400) from None


async def sent(request: Request, model: type[S]) -> S:
    """The body as `model`; refused where it is something else."""
    try:
        return model.model_validate_json(await limited_body(request, LARGEST_JSON))
    except ValidationError:
        raise problems.refusal(400) from None
