"""What an organisation signs by itself: the list of its stations, as a file for the keepers of the root (spec section 9).

    listed = sign_stations(bundle, "pa-rc", organisation_signer, stations)
    Path("pa-rc.stations").write_bytes(listed.raw)      # to the keepers of the root, who put it into the next bundle
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from healthcard import cbor, sign
from healthcard.errors import CardError, TrustError
from healthcard.sign import Key, Signer
from healthcard.trust.bundle import LARGEST, NETWORKS, Organisation, Station, TrustBundle, aad, signed_stations, station_list
from healthcard.trust.form import array, byte_string, number


@dataclass(frozen=True)
class SignedStations:
    """A station list with the key that signed it; that the key is the organisation's is for the keepers of the root to know."""

    network: str
    number: int
    key: Key
    token: bytes

    @classmethod
    def load(cls, raw: bytes) -> "SignedStations":
        """Raises TrustError for anything but a list that is rightly signed by the key it names."""
        try:
            if len(raw) > LARGEST:
                raise TrustError("larger than 256 KiB")
            network, own, public, token = array(cbor.loads(raw), 4)
            made = cls(NETWORKS[number(network, 0, 1)], number(own), Key(byte_string(public)), byte_string(token))
            _ = made.stations
        except (CardError, TrustError, ValueError) as error:
            raise TrustError(f"not a signed station list, {error}") from None
        return made

    @cached_property
    def stations(self) -> tuple[Station, ...]:
        return signed_stations(self.token, self.number, self.key, self.network)

    @property
    def sequence(self) -> int:
        return number(array(cbor.loads(sign.inspect(self.token).payload))[1])

    @property
    def raw(self) -> bytes:
        return cbor.dumps([NETWORKS.index(self.network), self.number, self.key.public, self.token])


def sign_stations(bundle: TrustBundle, owner: Organisation, signer: Signer, stations: Iterable[Station]) -> SignedStations:
    """The next station list of `owner`. With a key other than the one listed it is for the renewal of the organisation's key.

    Raises TrustError for a key that stands in the bundle or the list already.
    """
    listed = tuple(stations)
    others = {s.key.public for o in bundle.content.organisations if o.number != owner.number for s in o.stations}
    publics = [s.key.public for s in listed]
    organisations = {o.key.public for o in bundle.content.organisations} | {signer.key.public}
    if len(set(publics)) < len(publics) or set(publics) & (others | organisations):
        raise TrustError("a station has this key already")
    token = sign.sign(station_list(owner.number, owner.sequence + 1, listed), signer, aad(bundle.network, "stations"))
    return SignedStations(bundle.network, owner.number, signer.key, token)


def next_number(owner: Organisation) -> int:
    """The number of its next station; numbers are not given again while an earlier key is listed."""
    return max((s.number for s in owner.stations), default=0) + 1
