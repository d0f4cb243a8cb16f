"""Answers demands, a line of JSON each, with PyJWT."""

import datetime
import json
import sys
from unittest import mock

import jwt


def check(demand):
    """Gives the subject of a token that meets the demand; raises otherwise."""
    key = jwt.PyJWKClient(demand["jwks"]).get_signing_key_from_jwt(demand["token"])
    with mock.patch("jwt.api_jwt.datetime", clock(demand["now"])):  # it takes no clock
        claims = jwt.decode(
            demand["token"],
            key.key,
            algorithms=[demand["algorithm"]],
            issuer=demand["issuer"],
            audience=demand["audience"],
            leeway=demand["leeway"],
            options={"require": ["exp", "iss", "aud"]},
        )
    if jwt.get_unverified_header(demand["token"]).get("typ") != demand["type"]:  # verified above
        raise ValueError("typ compared by hand")
    return claims["sub"]


def clock(now):
    """A datetime class whose now is the demand's."""

    class Fixed(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromtimestamp(now, tz)

    return Fixed


for line in sys.stdin:
    try:
        verdict = {"subject": check(json.loads(line))}
    except Exception as err:  # whatever the library raises is its refusal
        verdict = {"refusal": f"{type(err).__name__}: {err}"}
    print(json.dumps(verdict), flush=True)
