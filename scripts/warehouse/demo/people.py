"""Customers: what is fixed about a person, and the little that has to be remembered."""

import numpy as np

from warehouse.demo.chance import Chance
from warehouse.demo.world import EMAIL_DOMAINS, FIRST_NAMES, LAST_NAMES, STREETS

NOBODY = -1  # bought without leaving an e-mail or a phone number
STAFF = -2  # the shop's own people, placing test orders


class People:
    """The register of customers. A person's number says nearly all about them.

    Args:
        chance: The draws.
        shops: How many shops there are.
    """

    def __init__(self, chance: Chance, shops: int):
        self.chance = chance
        self.count = 0
        self._arrays: dict[str, np.ndarray] = {
            "home": np.zeros(1024, dtype=np.int8),
            "placed": np.zeros(1024, dtype=np.int32),
            "visits": np.zeros((1024, 2), dtype=np.int32),
            "orders": np.zeros((1024, shops), dtype=np.int32),
            "spent": np.zeros((1024, shops), dtype=np.int64),
        }

    def __getattr__(self, name: str) -> np.ndarray:
        arrays = self.__dict__.get("_arrays", {})
        if name not in arrays:
            raise AttributeError(name)
        return arrays[name]

    def add(self, shop: int, number: int) -> np.ndarray:
        """Register new customers of a shop; their numbers."""
        needed = self.count + number
        for name, array in self._arrays.items():
            if needed > len(array):
                bigger = np.zeros((needed * 2, *array.shape[1:]), dtype=array.dtype)
                bigger[: len(array)] = array
                self._arrays[name] = bigger
        added = np.arange(self.count, needed)
        self.count = needed
        self._arrays["home"][added] = shop
        return added

    def country(self, shop: int, person, weights: np.ndarray) -> np.ndarray:
        """Where a shop ships this person's orders, as a position in its countries."""
        return self.chance.pick(weights, f"country {shop}", person)

    def consents(self, person) -> np.ndarray:
        """True for those whose visits analytics may see."""
        return ~self.chance.happens(0.065, "no consent", person)

    def has_account(self, person) -> np.ndarray:
        """True for those who log in."""
        return self.chance.happens(0.55, "account", person)

    def phone_only(self, person) -> np.ndarray:
        """True for those who never give an e-mail address."""
        return self.chance.happens(0.02, "phone only", person)

    def phone_sometimes(self, person) -> np.ndarray:
        """True for those who sometimes give a phone number instead of an e-mail."""
        return self.chance.happens(0.04, "phone sometimes", person)

    def has_phone(self, person) -> np.ndarray:
        """True for those whose phone number the shop knows."""
        return (
            self.chance.happens(0.5, "phone", person)
            | self.phone_only(person)
            | self.phone_sometimes(person)
        )

    def accepts_marketing(self, person) -> np.ndarray:
        """True for readers of the newsletter."""
        return self.chance.happens(0.48, "newsletter", person)

    def two_devices(self, person) -> np.ndarray:
        """True for those who visit from a phone and from a computer."""
        return self.chance.happens(0.4, "two devices", person)

    def device(self, person, slot) -> np.ndarray:
        """Device category of a person's first (0) or second (1) device."""
        first = self.chance.pick([0.60, 0.34, 0.06], "device", person)
        return np.where(slot == 0, first, np.where(first == 1, 0, 1))

    def details(self, person) -> dict[str, np.ndarray]:
        """Positions in the lists of names and streets, house and phone numbers."""
        chance = self.chance
        # Nine digits that no two people share: multiplied by a number without a common
        # factor with 10^9.
        digits = (np.asarray(person, dtype=np.int64) + 17) * 387_420_489 % 10**9
        return {
            "person": np.asarray(person, dtype=np.int64),
            "first_name": chance.whole(0, len(FIRST_NAMES) - 1, "first name", person),
            "last_name": chance.whole(0, len(LAST_NAMES) - 1, "last name", person),
            "domain": chance.whole(0, len(EMAIL_DOMAINS) - 1, "domain", person),
            "street": chance.whole(0, len(STREETS) - 1, "street", person),
            "house": chance.whole(1, 149, "house", person),
            "digits": digits,
        }
