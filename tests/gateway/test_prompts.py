"""What callers hear: spoken by the real espeak-ng, fitted by the real sox, read back as Asterisk would."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.telephony.phrases import PhraseUnreadable
from gateway.telephony.prompts import make_prompts, read, waiting_loop
from tests.gateway.sound_room import Prompts, Sound
from tests.telephony.line import spoken

CHECKOUT = Path(__file__).resolve().parents[2]
PHRASES = CHECKOUT / "asterisk-conf/sounds/phrases.id.txt"


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    return Prompts(tmp_path)


def test_every_phrase_of_the_line_is_spoken_loud_enough_and_unclipped() -> None:
    assert {file.stem for file in spoken().glob("*.wav")} == set(read(PHRASES))
    for file in spoken().glob("*.wav"):
        assert 0.65 < Sound.of(file).peak < 0.75, f"{file.name} peaks at -3 dB"


def test_a_long_sentence_takes_longer_to_say() -> None:
    notice, failed = (Sound.of(spoken() / f"{name}.wav") for name in ("notice", "failed"))
    assert 8 < notice.seconds < 20
    assert 1 < failed.seconds < 3


def test_a_prompt_begins_and_ends_with_a_short_silence(prompts: Prompts) -> None:
    prompts.speak("greeting = Selamat pagi.")
    before, after = Sound.of(prompts.sounds / "greeting.wav").spoken()
    assert 0.2 < before < 0.5
    assert 0.3 < after < 0.7


def test_a_prompt_is_made_again_only_when_its_sentence_has_changed(prompts: Prompts) -> None:
    prompts.speak("one = Satu.\ntwo = Dua.")
    assert prompts.said == ["prompts: making one, two"]
    one = (prompts.sounds / "one.wav").stat().st_ino
    before = (prompts.sounds / "two.wav").read_bytes()
    prompts.speak("one = Satu.\ntwo = Dua belas orang.")
    assert prompts.said == ["prompts: making two"]
    assert (prompts.sounds / "one.wav").stat().st_ino == one
    assert (prompts.sounds / "two.wav").read_bytes() != before


def test_another_voice_speaks_everything_anew(prompts: Prompts) -> None:
    prompts.speak("one = Satu.")
    indonesian = (prompts.sounds / "one.wav").read_bytes()
    prompts.speak("one = Satu.", voice="en")
    assert (prompts.sounds / "one.wav").read_bytes() != indonesian


def test_a_prompt_that_was_lost_is_made_again(prompts: Prompts) -> None:
    prompts.speak("one = Satu.")
    (prompts.sounds / "one.wav").unlink()
    prompts.speak("one = Satu.")
    assert prompts.present == ["one.wav"]


def test_a_prompt_that_is_not_what_was_made_is_made_again(prompts: Prompts) -> None:
    # A power failure left it torn, or somebody wrote over it.
    prompts.speak("one = Satu.")
    one = prompts.sounds / "one.wav"
    size = one.stat().st_size
    one.write_bytes(one.read_bytes()[:1000])
    prompts.speak("one = Satu.")
    assert one.stat().st_size == size


def test_a_prompt_for_which_the_line_has_a_substitute_is_done_without(prompts: Prompts) -> None:
    (prompts.sounds / "category-banjir.wav").mkdir(parents=True)  # in the way
    prompts.speak("category-none = Belum tercatat.\ncategory-banjir = Banjir.\ncategory-gempa = Gempa bumi.")
    assert {"category-none.wav", "category-gempa.wav"} < set(prompts.present)
    first, complaint = prompts.said
    assert first == "prompts: making category-none, category-banjir, category-gempa"
    assert complaint.startswith("prompts: category-banjir: cannot be spoken: [Errno 21] Is a directory")


@pytest.mark.parametrize("name", ["nobody", "category-none", "area-none", "digit-1"])
def test_a_prompt_that_the_line_needs_cannot_be_done_without(prompts: Prompts, name: str) -> None:
    (prompts.sounds / f"{name}.wav").mkdir(parents=True)
    with pytest.raises(PhraseUnreadable, match="Is a directory"):
        prompts.speak(f"{name} = Satu.")


def test_whoever_else_makes_prompts_at_the_same_time_does_no_harm(prompts: Prompts) -> None:
    # A start, and somebody at the command line.
    prompts.phrases.write_text("digit-0 = Nol.\ndigit-1 = Satu.\ndigit-2 = Dua.")
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(make_prompts, prompts.phrases, prompts.sounds, say=prompts.said.append) for _ in range(2)]
        for done in both:
            done.result()
    assert prompts.present == ["digit-0.wav", "digit-1.wav", "digit-2.wav"]
    assert [file.name for file in prompts.sounds.glob(".making*")] == []
    for file in prompts.sounds.glob("*.wav"):
        assert Sound.of(file).peak > 0.5


def test_the_digits_of_a_number_follow_one_another_closely() -> None:
    for digit in range(10):
        before, after = Sound.of(spoken() / f"digit-{digit}.wav").spoken()
        assert before + after < 0.4


def test_a_prompt_goes_with_its_phrase_and_a_recording_of_the_sites_own_stays(prompts: Prompts) -> None:
    prompts.speak("one = Satu.\ntwo = Dua.")
    (prompts.sounds / "mayor.wav").write_bytes(b"recorded at the town hall")
    prompts.speak("two = Dua.")
    assert prompts.present == ["mayor.wav", "two.wav"]
    assert sorted(file.name for file in prompts.sounds.glob(".*")) == [".two.wav.made"]


def test_comments_blank_lines_and_equals_signs_in_a_sentence_are_allowed(prompts: Prompts) -> None:
    prompts.speak("# the sums\n\n  sum = dua = dua  \n")
    assert prompts.present == ["sum.wav"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("greeting Selamat pagi", "not NAME = SENTENCE"),
        ("../greeting = Selamat pagi", "a name is"),
        ("Greeting = Selamat pagi", "a name is"),
        (" = Selamat pagi", "a name is"),
        (f"{'a' * 41} = Selamat pagi", "a name is"),
        ("greeting =", "nothing to say"),
        ("greeting = ...", "nothing to say"),
        ("greeting = Selamat\0pagi", "unprintable"),
        (f"greeting = {'a' * 601}", "more than 600 characters"),
        ("good = Baik sekali.", "there is a phrase good above"),
    ],
)
def test_a_malformed_line_is_named_with_its_file_and_place(prompts: Prompts, line: str, reason: str) -> None:
    with pytest.raises(PhraseUnreadable, match=rf"phrases\.id\.txt, line 3: .*{reason}"):
        prompts.speak(f"# phrases\ngood = Baik.\n{line}\n")
    assert prompts.present == []


def test_a_file_in_another_encoding_is_refused_with_the_line(prompts: Prompts) -> None:
    prompts.phrases.write_bytes(b"good = Baik.\nbad = caf\xe9\n")
    with pytest.raises(PhraseUnreadable, match="line 2: "):
        make_prompts(prompts.phrases, prompts.sounds, say=prompts.said.append)


def test_a_file_without_end_is_refused(prompts: Prompts) -> None:
    with pytest.raises(PhraseUnreadable, match="more than 65536 bytes"):
        make_prompts(Path("/dev/zero"), prompts.sounds, say=prompts.said.append)


def test_missing_phrases_are_named(prompts: Prompts) -> None:
    with pytest.raises(PhraseUnreadable, match=r"phrases\.id\.txt"):
        make_prompts(prompts.phrases, prompts.sounds, say=prompts.said.append)


def test_a_sentence_is_never_taken_for_an_option(prompts: Prompts) -> None:
    prompts.speak("option = --version")
    assert Sound.of(prompts.sounds / "option.wav").peak > 0.5


@pytest.mark.parametrize(
    ("voice", "reason"), [("xx", "voice does not exist"), ("--help", "no voice"), ("", "no voice")]
)
def test_a_voice_that_espeak_does_not_have_is_refused(prompts: Prompts, voice: str, reason: str) -> None:
    with pytest.raises(PhraseUnreadable, match=reason):
        prompts.speak("one = Satu.", voice=voice)
    assert prompts.present == []


def test_without_the_tools_the_user_is_told_what_to_install(prompts: Prompts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(prompts.folder))
    with pytest.raises(PhraseUnreadable, match="espeak-ng is not installed: apt-get install espeak-ng sox"):
        prompts.speak("one = Satu.")


def test_a_waiting_caller_hears_the_notice_and_then_a_soft_sign_every_five_seconds(prompts: Prompts) -> None:
    prompts.speak("notice = Mohon tunggu.")
    notice = prompts.sounds / "notice.wav"
    waiting_loop(notice, prompts.folder / "moh")
    spoken, loop = Sound.of(notice), Sound.of(prompts.folder / "moh/waiting.wav")
    assert loop.samples[: len(spoken.samples)] == spoken.samples
    assert loop.seconds == pytest.approx(spoken.seconds + 20, abs=0.1)
    for five in range(4):
        start = spoken.seconds + five * 5
        assert 0.03 < loop.part(start, start + 5).peak < 0.1


def test_the_waiting_loop_is_made_again_only_when_the_notice_has_changed(prompts: Prompts) -> None:
    prompts.speak("notice = Mohon tunggu.")
    made: list[int] = []
    for text in ("notice = Mohon tunggu.", "notice = Mohon tunggu sebentar."):
        for _ in range(2):
            prompts.speak(text)
            waiting_loop(prompts.sounds / "notice.wav", prompts.folder / "moh")
            made.append((prompts.folder / "moh/waiting.wav").stat().st_mtime_ns)
    assert made[0] == made[1] < made[2] == made[3]


def test_only_the_loop_can_be_seen_in_the_folder_of_music_on_hold(prompts: Prompts) -> None:
    # Asterisk plays every file of that folder whose name does not begin with a dot.
    prompts.speak("notice = Mohon tunggu.")
    waiting_loop(prompts.sounds / "notice.wav", prompts.folder / "moh")
    assert [file.name for file in (prompts.folder / "moh").glob("[!.]*")] == ["waiting.wav"]


def test_a_notice_that_is_not_there_is_named(prompts: Prompts) -> None:
    with pytest.raises(PhraseUnreadable, match=r"notice\.wav"):
        waiting_loop(prompts.sounds / "notice.wav", prompts.folder / "moh")


def test_a_notice_that_is_no_sound_is_refused_and_the_former_loop_stays(prompts: Prompts) -> None:
    prompts.speak("notice = Mohon tunggu.")
    notice, loop = prompts.sounds / "notice.wav", prompts.folder / "moh/waiting.wav"
    waiting_loop(notice, loop.parent)
    former = loop.read_bytes()
    notice.write_text("no sound at all")
    with pytest.raises(PhraseUnreadable, match="sox: "):
        waiting_loop(notice, loop.parent)
    assert loop.read_bytes() == former
    assert sorted(file.name for file in loop.parent.iterdir()) == [".waiting.wav.made", "waiting.wav"]
