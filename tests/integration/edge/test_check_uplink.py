"""Before a box is hung up: whether broker and central would hear it, and if not, why."""

from edge.check_uplink import notes_of_uplink
from kerbwatch.ports import free_port
from tests.unit.edge.test_box_alone import settings


def test_whoever_mistypes_the_brokers_or_centrals_address_is_told(tmp_path):
    mqtt = {"host": "127.0.0.1", "port": free_port()}
    central = {"url": f"http://127.0.0.1:{free_port()}"}
    broker_note, central_note = notes_of_uplink(settings(tmp_path, mqtt=mqtt, central=central))
    assert broker_note.startswith(
        f"the broker 127.0.0.1:{mqtt['port']} cannot be reached: Connection refused"
    )
    assert central_note.startswith(f"central at {central['url']} cannot be reached: ")
    assert central_note.endswith("waits on its disk until then")


def test_a_broker_that_answers_is_passed_over_in_silence(broker, tmp_path):
    central = {"url": f"http://127.0.0.1:{free_port()}"}
    box = settings(tmp_path, mqtt={"host": "127.0.0.1", "port": broker.port}, central=central)
    (note,) = notes_of_uplink(box)
    assert note.startswith("central at ")
