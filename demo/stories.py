"""What is said on the line of the demo. Every incident, name and place in it is invented.

A story's fields are those of the API's PATCH of a ticket; area codes are Kemendagri's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ticketing.model import CallType

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Story:
    """What a call turns out to be, what is noted first, and what once there is time."""

    call_type: CallType
    first: Mapping[str, Any] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)


def _incident(category: str, severity: int, verbatim: str, area_code: str, landmark: str, description: str) -> Story:
    return Story(
        CallType.EMERGENCY,
        {"category": category, "location": {"verbatim": verbatim}},
        {
            "severity": severity,
            "description": description,
            "location": {"area_code": area_code, "landmark": landmark},
        },
    )


def _question(verbatim: str, description: str) -> Story:
    return Story(
        CallType.INFORMATION,
        {"call_type": CallType.INFORMATION, "location": {"verbatim": verbatim}},
        {"description": description},
    )


EMERGENCIES: Final = (
    _incident(
        "kebakaran",
        5,
        "di belakang pasar lama, gang yang ada musala kecil, pagar biru",
        "52.72.01.1001",
        "Musala Al-Hikmah",
        "Api dari dapur, sudah sampai atap. Tetangga mulai memindahkan barang.",
    ),
    _incident(
        "kecelakaan",
        4,
        "tikungan sebelum jembatan, dari arah terminal, sebelah kiri jalan",
        "52.72.01.1014",
        "Jembatan Dara",
        "Dua sepeda motor bertabrakan, satu orang tidak sadar.",
    ),
    _incident(
        "medis",
        4,
        "rumah panggung nomor 12 depan warung bakso, lampu teras menyala",
        "52.72.05.1005",
        "Warung Bakso Mekar",
        "Bapak 61 tahun, sesak napas dan dada sakit sejak setengah jam.",
    ),
    _incident(
        "banjir",
        3,
        "air naik dari kali, sudah selutut, kami di lantai dua",
        "52.72.03.1001",
        "Kali Melayu",
        "Lima orang di rumah, satu bayi. Listrik sudah dipadamkan.",
    ),
    _incident(
        "pohon-tumbang",
        2,
        "pohon besar melintang, mobil tidak bisa lewat, dekat sekolah dasar",
        "52.72.04.1001",
        "SD di Penaraga",
        "Jalan tertutup dua arah. Tidak ada korban.",
    ),
    _incident(
        "kriminal",
        4,
        "depan toko bangunan, orangnya lari ke arah pantai",
        "52.72.01.1004",
        "Toko Bangunan Sinar",
        "Tas dirampas, korban luka di tangan. Pelaku dua orang naik motor hitam.",
    ),
    _incident(
        "listrik",
        3,
        "kabel putus menjuntai di atas jalan, ada percikan, dekat tiang ujung gang",
        "52.72.05.1007",
        "Gang Melati",
        "Warga sudah menjaga jarak. Anak-anak bermain di sekitar sana.",
    ),
    _incident(
        "evakuasi-hewan",
        2,
        "ular besar masuk kamar mandi, rumah cat hijau paling ujung",
        "52.72.04.1007",
        "Rumah paling ujung",
        "Sanca kira-kira tiga meter. Pintu kamar mandi sudah ditutup.",
    ),
    _incident(
        "sar",
        5,
        "anak tenggelam di pantai, dekat dermaga kayu, tolong cepat",
        "52.72.03.1004",
        "Dermaga Kolo",
        "Anak laki-laki sekitar 10 tahun, nelayan sedang mencari.",
    ),
    _incident(
        "kdrt",
        4,
        "suara teriakan dari rumah sebelah, saya tidak berani keluar",
        "52.72.05.1003",
        "Rumah kontrakan nomor 4",
        "Pelapor mendengar barang pecah dan perempuan minta tolong. <b>Jangan</b> sebut nama pelapor.",
    ),
)

QUESTIONS: Final = (
    _question("tanya nomor PDAM", "Air mati sejak pagi; diberi nomor kantor PDAM."),
    _question("kapan listrik menyala lagi di Rabangodu", "Diarahkan ke 123."),
    _question("mau buat KTP, kantornya buka jam berapa", "Diberi jam buka kantor kelurahan."),
    _question("lampu jalan mati sudah tiga malam", "Dicatat untuk Dinas Perhubungan."),
)

PRANK: Final = Story(CallType.PRANK)
GHOST: Final = Story(CallType.GHOST)
TEST: Final = Story(CallType.TEST)

REPORTERS: Final = (
    "Ibu Marlina",
    "Fajar",
    "Pak Syafruddin",
    "Nurhayati",
    "Ama La Hami",
    "Yuliana",
    'D\'Arcy "Dika" Putra',
)
