"""Confluent's client against a registry: exchange.py URL. Prints a message in hexadecimal, for others to read."""

import sys

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.common.schema_registry_client import ConfigCompatibilityLevel, ServerConfig
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

V1 = '{"type":"record","name":"Tweet","namespace":"course","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"}]}'
V2 = '{"type":"record","name":"Tweet","namespace":"course","fields":[{"name":"id","type":"long"},{"name":"text","type":"string"},{"name":"lang","type":"string","default":"en"}]}'
V3 = '{"type":"record","name":"Tweet","namespace":"course","fields":[{"name":"id","type":"long"},{"name":"body","type":"string"}]}'


def refused(status, code, call):
    try:
        call()
    except SchemaRegistryError as error:
        assert (error.http_status_code, error.error_code) == (status, code), error
        return
    raise AssertionError(f"expected {code}")


def main(url):
    client = SchemaRegistryClient({"url": url})
    subject = "tweets-value"

    # The serialiser registers; the deserialiser looks up, and resolves.
    context = SerializationContext("tweets", MessageField.VALUE)
    old = AvroSerializer(client, V1)({"id": 7, "text": "hi"}, context)
    assert old[0] == 0 and int.from_bytes(old[1:5], "big") == 1, old
    new = AvroSerializer(client, V2)({"id": 8, "text": "ho", "lang": "de"}, context)
    assert int.from_bytes(new[1:5], "big") == 2, new
    read = AvroDeserializer(client, V2)
    assert read(old, context) == {"id": 7, "text": "hi", "lang": "en"}
    assert read(new, context) == {"id": 8, "text": "ho", "lang": "de"}
    assert AvroDeserializer(client, V1)(new, context) == {"id": 8, "text": "ho"}
    assert AvroDeserializer(client)(new, context) == {"id": 8, "text": "ho", "lang": "de"}

    # Without registering: what is there, and the latest.
    same = AvroSerializer(client, V1, conf={"auto.register.schemas": False})({"id": 7, "text": "hi"}, context)
    assert same == old
    latest = {"auto.register.schemas": False, "use.latest.version": True}
    assert AvroSerializer(client, V2, conf=latest)({"id": 8, "text": "ho", "lang": "de"}, context) == new
    normal = AvroSerializer(client, V2, conf={"normalize.schemas": True})
    assert normal({"id": 8, "text": "ho", "lang": "de"}, context)[5:] == new[5:]

    # What is there.
    assert client.get_subjects() == [subject]
    assert client.get_versions(subject) == [1, 2] or client.get_versions(subject) == [1, 2, 3]
    found = client.get_latest_version(subject)
    assert found.subject == subject and found.version >= 2
    assert client.get_schema(1).schema_str == V1
    assert client.get_version(subject, 2).schema.schema_str == V2
    assert client.lookup_schema(subject, Schema(V1, "AVRO")).version == 1
    registered = client.register_schema_full_response(subject, Schema(V1, "AVRO"))
    assert registered.schema_id == 1, registered
    assert client.get_schema_by_guid(registered.guid).schema_str == V1

    # What is refused.
    refused(409, 409, lambda: client.register_schema(subject, Schema(V3, "AVRO")))
    refused(422, 42201, lambda: client.register_schema(subject, Schema("{", "AVRO")))
    refused(404, 40401, lambda: client.get_versions("none"))
    refused(404, 40402, lambda: client.get_version(subject, 99))
    refused(404, 40403, lambda: client.get_schema(99))
    assert client.test_compatibility(subject, Schema(V2, "AVRO"))
    assert not client.test_compatibility(subject, Schema(V3, "AVRO"))

    # Settings.
    assert client.get_config().compatibility_level == "BACKWARD"
    client.set_config(subject, ServerConfig(compatibility=ConfigCompatibilityLevel.NONE))
    assert client.get_config(subject).compatibility_level == "NONE"
    assert client.get_compatibility(subject) == "NONE"
    client.set_compatibility(subject, "FULL_TRANSITIVE")
    assert client.get_compatibility(subject) == "FULL_TRANSITIVE"

    # References.
    client.register_schema("address", Schema('{"type":"record","name":"course.Address","fields":[{"name":"city","type":"string"}]}', "AVRO"))
    user = Schema(
        '{"type":"record","name":"course.User","fields":[{"name":"home","type":"course.Address"}]}',
        "AVRO",
        [SchemaReference("course.Address", "address", 1)],
    )
    client.register_schema("users-value", user)
    users = SerializationContext("users", MessageField.VALUE)
    message = AvroSerializer(client, user)({"home": {"city": "Ulm"}}, users)
    assert AvroDeserializer(client)(message, users) == {"home": {"city": "Ulm"}}

    # Deleting.
    refused(422, 42206, lambda: client.delete_subject("address"))
    assert client.delete_version("users-value", 1) == 1
    assert client.delete_subject("address") == [1]
    assert client.delete_subject("users-value", permanent=True) == [1]
    assert client.get_subjects() == [subject]

    print(new.hex())


main(sys.argv[1])
