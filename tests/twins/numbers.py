"""Numbers of several dozens of regions, and every way in which people and programs write them."""

from __future__ import annotations

import phonenumbers
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

#: Numbers of these, and settings for each of them. Left out are countries with fewer than six national digits, which
#: any country's short numbers end with.
REGIONS = (
    *("US", "CA", "PR", "JM", "MX", "AR", "BR", "CL", "CO", "PE"),
    *("GB", "IE", "DE", "FR", "ES", "PT", "IT", "NL", "BE", "CH", "AT", "SE", "NO", "DK", "FI", "IS", "PL", "CZ", "HU"),
    *("RO", "GR", "TR", "RU", "UA", "IL", "AE", "SA", "EG", "ZA", "NG", "KE"),
    *("IN", "PK", "CN", "HK", "TW", "JP", "KR", "SG", "MY", "TH", "VN", "PH", "ID", "AU", "NZ"),
)
#: Where 001, 002 and the like are carriers' prefixes, so that 00 and a country code mean another number there.
CARRIERS_DIALLED = frozenset({"SG"})
_FULL_WIDTH = str.maketrans("+0123456789", "\uff0b\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
_RAISED = str.maketrans("+0123456789", "\u207a\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_IN_CIRCLES = str.maketrans("0123456789", "\u24ea\u2460\u2461\u2462\u2463\u2464\u2465\u2466\u2467\u2468")
_ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")


def _examples() -> list[tuple[str, PhoneNumber]]:
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    found = ((region, phonenumbers.example_number_for_type(region, kind)) for region in REGIONS for kind in kinds)
    return [(region, number) for region, number in found if number is not None]


EXAMPLES = _examples()


def spellings(number: PhoneNumber, *, dialled: bool = True) -> list[str]:
    """Ways to write `number`; `dialled`: also with an international prefix."""
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    national_digits = phonenumbers.national_significant_number(number)
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    # Argentina writes 15 in the midst of a mobile number at home, which means nothing elsewhere
    local = [national] if number.country_code != 54 else []
    ways = [plain, international, plain[1:], national_digits, *local]
    if dialled:
        ways += [prefix + international[1:] for prefix in ("00", "011")] + [f"00{plain[1:]}", f"011{plain[1:]}"]
    ways += [way.replace(" ", "-") for way in (international, *local)]
    ways += [way.replace(" ", ".") for way in (international, *local)]
    ways += [f"{way} ext. 12" for way in (international, *local)] + [f"tel:{plain};ext=7", f"({plain})", f" {plain} "]
    ways += [way.replace("+", "%2B").replace(" ", "%20") for way in (plain, international)]
    ways += [plain.translate(_FULL_WIDTH), international.translate(_ARABIC), *(way.translate(_ARABIC) for way in local)]
    ways += [
        way.translate(digits) for way in (plain, national_digits, international) for digits in (_RAISED, _IN_CIRCLES)
    ]
    ways += [international.replace("+", escape) for escape in ("&#43;", "&plus;", "&#x2B;", "&amp;#43;", "%26%2343%3B")]
    ways += ["".join(f"&#{ord(character)};" for character in plain), "\ufe0f\u20e3".join(plain)]
    ways += [f"tel:{national_digits[2:]};phone-context=+{number.country_code}{national_digits[:2]}"]
    return [*ways, f"\u202a{international}\u202c"]


settings_of_a_region = st.sampled_from([None, "US", *REGIONS])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str, str, str | None]:
    """The region of a number, two ways to write it, and a setting."""
    region, number = draw(st.sampled_from(EXAMPLES))
    setting = draw(st.one_of(st.just(region), settings_of_a_region))
    ways = st.sampled_from(spellings(number, dialled=setting not in CARRIERS_DIALLED))
    return region, draw(ways), draw(ways), setting
