import json

import jsonschema
from typer.testing import CliRunner

from kerbwatch.asyncapi import asyncapi_document
from kerbwatch.cli import app
from kerbwatch.messages import MESSAGES, Channel, topic
from tests.unit.kerbwatch.test_messages import EVENTS


def follow(document, reference):
    node = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_in_the_document_leads_somewhere():
    document = asyncapi_document()
    found = set(references(document))
    assert len(found) > 10
    for reference in found:
        assert follow(document, reference), reference


def test_every_channel_has_its_topic_and_its_messages():
    document = asyncapi_document()
    assert {name: channel["address"] for name, channel in document["channels"].items()} == {
        channel: topic("{site}", "{edge}", channel) for channel in Channel
    }
    named = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert named == set(MESSAGES) == set(document["components"]["messages"])


def test_a_third_partys_validator_takes_our_messages_by_the_document_alone():
    document = asyncapi_document()
    for name, event in EVENTS.items():
        schema = {**document["components"]["messages"][name]["payload"], "components": document["components"]}
        jsonschema.validate(json.loads(event.to_json()), schema, jsonschema.Draft7Validator)


def test_the_command_prints_both_documents():
    schemas = CliRunner().invoke(app, ["schemas"])
    assert set(json.loads(schemas.stdout)) == set(MESSAGES)
    document = CliRunner().invoke(app, ["schemas", "--asyncapi"])
    assert json.loads(document.stdout) == asyncapi_document()
