"""Requests made from the service's own OpenAPI document, right ones and wrong ones: no 5xx, and no answer that the document does not have.

2,000 in each test run, 50,000 in the campaign, against a real server whose partner may do everything.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from healthcard.trust import uploads
from tests import service_examples
from tests.test_access import Region
from tests.test_verifier import picture
from tests.world import World

REQUESTS = 50_000 if os.environ.get("HEALTHCARD_CAMPAIGN") else 2_000
CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance, checks.response_headers_conformance,
    checks.response_schema_conformance,
]  # fmt: skip
TODAY = date(2026, 7, 2)
for binary in ("application/cose", "application/cbor"):
    schemathesis.serializer.alias(binary, "application/octet-stream")
ASKED_OFTEN = ("/v1/verify", "/v1/decode", "/v1/batch", "/v1/export")


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(TODAY)


@pytest.fixture(scope="module")
def service(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a service, and the header of a partner."""
    folder = tmp_path_factory.mktemp("fuzzed")
    with Region(world, str(folder / "shared.db"), folder, open="verify", rate=10**6, open_rate=10**6) as region:
        key = region.key("verify", "decode", "export", "unseal", "admin")
        yield str(region.instance().base_url).rstrip("/"), key


def right_bodies(world: World) -> dict[str, list[tuple[str, bytes]]]:
    """Bodies that are taken, by path, for what no generator would come upon."""
    examples = service_examples.asked(world)
    found: dict[str, list[tuple[str, bytes]]] = {}
    for one in examples:
        if one.request is not None or one.content:
            body = one.content or json.dumps(one.request).encode()
            found.setdefault(one.operation.split()[1], []).append((one.media_type, body))
    made = world.issue(service_examples.record())
    for path in ("/v1/verify", "/v1/decode", "/v1/export"):
        found[path].append(("image/png", picture(made)))
    strange = uploads.sign_counts(date(2026, 6, 1), 2**31, {2**40: 2**40}, world.station_signer, "test")
    found["/v1/aggregates"].append(("application/cose", strange))
    return found


def test_no_request_gets_a_5xx_or_an_answer_that_is_not_documented(world: World, service: tuple[str, dict[str, str]]) -> None:
    address, key = service
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    bodies, answered, session = right_bodies(world), Counter[tuple[str, int]](), requests.Session()

    cases = {one.label: st.one_of(*(one.as_strategy(generation_mode=mode) for mode in GenerationMode)) for one in operations}
    often = [operation for operation in operations for _ in range(4 if operation.path in ASKED_OFTEN else 1)]

    @settings(max_examples=REQUESTS, suppress_health_check=list(HealthCheck), print_blob=False)
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(often))
        case = data.draw(cases[operation.label])
        if data.draw(st.integers(0, 9)):
            case.headers = dict(case.headers or {}) | key
        sent: dict[str, Any] = {}
        if operation.label == "GET /v1/issued" and data.draw(st.booleans()):
            case.query = {"station": "mx-rc/1", "until": TODAY.isoformat()}
        if operation.method in ("post", "put") and data.draw(st.booleans()):
            media_type, body = data.draw(st.sampled_from(bodies[operation.path]))
            sent = {"data": body}
            case.headers = dict(case.headers or {}) | {"Content-Type": media_type}
        response = case.call(base_url=address, session=session, **sent)
        answered[operation.label, response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    ask()
    assert sum(answered.values()) >= REQUESTS
    for operation in operations:
        assert answered[operation.label, 200], operation.label
