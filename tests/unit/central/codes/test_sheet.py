"""A sheet carries what a scanner reads and a person can type; what its font lacks is said before printing."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from central.codes.sheet import Sticker, Wording, pdf_of, qr_of, qr_svg, stickers_of
from central.codes.signing import PlaceKeys, grouped
from kerbwatch.settings import SettingsError
from tests.unit.central.codes.made import code_out

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
WORDS = Wording("Something in the way here?", "or type at kerbwatch.example/q:")
CODE = PlaceKeys(0, {0: b"a key" * 8}).sign(4711)
CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def sticker(name="Gate of the market", host="kerbwatch.yuyao.gov.cn"):
    return Sticker(f"https://{host}/q/{CODE}", grouped(CODE), name, "Yangming East Road, Yuyao")


def test_the_qr_of_a_usual_host_stays_small_and_stands_dirt():
    qr = qr_of(sticker().url)
    assert (qr.version, qr.error) <= (4, "M")
    assert qr_of(sticker(host="a-very-long-name-of-a-host.command-centre.example").url).version <= 5
    assert "style" not in qr_svg(sticker().url)


def test_a_scanner_reads_from_the_qr_what_opens_the_place():
    cv2 = pytest.importorskip("cv2")
    matrix = np.array([list(row) for row in qr_of(sticker().url).matrix], np.uint8)
    drawn = np.kron(np.pad(1 - matrix, 4, constant_values=1) * 255, np.ones((6, 6))).astype(np.uint8)
    assert cv2.QRCodeDetector().detectAndDecode(drawn)[0] == f"https://kerbwatch.yuyao.gov.cn/q/{CODE}"


def test_nine_codes_fill_two_pages():
    content = pdf_of([sticker(f"Place {number}") for number in range(9)], WORDS, NOW, None)
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") == 2


def test_a_chinese_name_without_a_font_says_which_file_to_give():
    with pytest.raises(
        SettingsError, match=r"lacks '阳明东路' of '阳明东路'.*place_codes\.font.*fonts-noto-cjk"
    ):
        pdf_of([sticker("阳明东路")], WORDS, NOW, None)


def test_a_font_that_is_none_is_told(tmp_path):
    font = tmp_path / "font.ttf"
    font.write_bytes(b"no font")
    with pytest.raises(SettingsError, match=r"font\.ttf cannot be used"):
        pdf_of([sticker()], WORDS, NOW, font)


@pytest.mark.skipif(not CJK.is_file(), reason="fonts-noto-cjk is not on this machine")
def test_chinese_names_print_with_a_font_that_has_them():
    assert len(pdf_of([sticker("阳明东路菜市场")], WORDS, NOW, CJK)) > 10_000


def test_a_name_of_any_length_stays_on_its_sticker():
    pdf_of([sticker("W" * 120), sticker("The gate " * 13)], WORDS, NOW, None)


def test_what_is_out_of_use_is_not_printed():
    codes = [code_out(), code_out(revoked_at=NOW), code_out(code=None, url=None)]
    assert [each.name for each in stickers_of(codes, "Yuyao")] == ["Gate of the market"]
    assert stickers_of(codes, "Yuyao")[0].below == "Yangming East Road, Yuyao"
