"""What the pages say: Indonesian first, English second, each sentence once in both."""

from __future__ import annotations

from typing import Final, Literal, get_args

Language = Literal["id", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

# The city's incident categories by code. What a ticket holds is the code; one that is not here is shown as it is.
CATEGORIES: Final[dict[str, tuple[str, str]]] = {
    "kebakaran": ("Kebakaran", "Fire"),
    "kecelakaan": ("Kecelakaan lalu lintas", "Traffic accident"),
    "medis": ("Medis / ambulans", "Medical / ambulance"),
    "kriminal": ("Kriminal", "Crime"),
    "banjir": ("Banjir", "Flood"),
    "gempa": ("Gempa bumi", "Earthquake"),
    "longsor": ("Tanah longsor", "Landslide"),
    "angin": ("Angin kencang", "Storm"),
    "kamtibum": ("Kerusuhan / kamtibum", "Riot / public order"),
    "kdrt": ("KDRT", "Domestic violence"),
    "sar": ("Orang tenggelam / SAR", "Drowning / search and rescue"),
    "odgj": ("ODGJ", "Person in mental distress"),
    "evakuasi-hewan": ("Evakuasi hewan", "Animal rescue"),
    "pohon-tumbang": ("Pohon tumbang", "Fallen tree"),
    "listrik": ("Kabel / listrik (PLN)", "Power line / electricity"),
    "air": ("Air (PDAM)", "Water supply"),
    "pju": ("Lampu jalan (PJU)", "Street light"),
    "mobil-jenazah": ("Mobil jenazah", "Hearse"),
    "lainnya": ("Lainnya", "Other"),
}

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "app.name": ("Siaga 112", "Siaga 112"),
    "app.skip": ("Langsung ke isi", "Skip to content"),
    "nav.label": ("Menu utama", "Main menu"),
    "nav.board": ("Papan", "Board"),
    "nav.call_backs": ("Panggilan balik", "Call-backs"),
    "nav.owed": ("{count} harus dihubungi kembali", "{count} to be called back"),
    "nav.calls": ("Panggilan", "Calls"),
    "nav.sign_out": ("Keluar", "Sign out"),
    "nav.language": ("Bahasa", "Language"),
    "role.call_taker": ("Penerima panggilan", "Call taker"),
    "role.skpd": ("Petugas SKPD", "SKPD dispatcher"),
    "role.supervisor": ("Supervisor", "Supervisor"),
    "role.admin": ("Admin", "Admin"),
    # ---- sign in
    "sign_in.title": ("Masuk", "Sign in"),
    "sign_in.lead": ("Konsol layanan darurat 112", "Console of the 112 emergency line"),
    "sign_in.name": ("Nama pengguna", "User name"),
    "sign_in.password": ("Kata sandi", "Password"),
    "sign_in.submit": ("Masuk", "Sign in"),
    "sign_in.refused": ("Nama pengguna atau kata sandi salah.", "Wrong user name or password."),
    "sign_in.too_many": (
        "Terlalu banyak percobaan. Coba lagi dalam {seconds} detik.",
        "Too many attempts. Try again in {seconds} seconds.",
    ),
    "sign_in.unreachable": (
        "Server tidak dapat dihubungi. Periksa jaringan, lalu coba lagi.",
        "The server cannot be reached. Check the network and try again.",
    ),
    "sign_in.no_script": ("Halaman ini memerlukan JavaScript.", "This page needs JavaScript."),
    # ---- words of the line
    "status.open": ("Baru", "Open"),
    "status.on_progress": ("Sedang ditangani", "On progress"),
    "status.closed": ("Selesai", "Closed"),
    "call_type.emergency": ("Darurat", "Emergency"),
    "call_type.information": ("Informasi", "Information"),
    "call_type.prank": ("Iseng", "Prank"),
    "call_type.ghost": ("Hantu (tanpa suara)", "Ghost (silent)"),
    "call_type.test": ("Uji coba", "Test"),
    "outcome.waiting": ("Menunggu", "Waiting"),
    "outcome.talking": ("Sedang bicara", "Talking"),
    "outcome.answered": ("Terjawab", "Answered"),
    "outcome.abandoned": ("Ditutup pemanggil", "Abandoned"),
    "outcome.overflow": ("Dialihkan", "Overflow"),
    "outcome.interrupted": ("Terputus", "Interrupted"),
    "kind.mobile": ("Ponsel", "Mobile"),
    "kind.fixed": ("Telepon rumah", "Fixed line"),
    "kind.foreign": ("Luar negeri", "Foreign"),
    "kind.short": ("Nomor layanan", "Service number"),
    "kind.anonymous": ("Tanpa nomor", "No number"),
    "kind.unknown": ("Tidak dikenal", "Unknown"),
    "caller.not_callable": ("Tidak dapat dihubungi kembali", "Cannot be called back"),
    "caller.callable": ("Dapat dihubungi kembali", "Can be called back"),
    "caller.no_number": ("Nomor tidak ada", "No number"),
    "caller.name_sent": ("Nama dari jaringan", "Name sent by the network"),
    "caller.as_sent": ("Seperti dikirim", "As sent"),
    "sla.on_progress": ("Ditangani ≤ {minutes} mnt", "On progress ≤ {minutes} min"),
    "sla.close": ("Selesai ≤ {minutes} mnt", "Closed ≤ {minutes} min"),
    "sla.running": ("tersisa", "left"),
    "sla.met": ("tepat waktu", "in time"),
    "sla.breached": ("terlambat", "late"),
    "sla.exempt": ("tanpa batas", "exempt"),
    "taker.free": ("Siap", "Free"),
    "taker.ringing": ("Berdering", "Ringing"),
    "taker.talking": ("Bicara", "Talking"),
    "taker.busy": ("Sibuk", "Busy"),
    "taker.offline": ("Telepon mati", "Phone offline"),
    "taker.signed_out": ("Belum masuk", "Signed out"),
    "taker.unknown": ("Tidak diketahui", "Not known"),
    "severity.1": ("1 · Ringan", "1 · Minor"),
    "severity.2": ("2 · Sedang", "2 · Moderate"),
    "severity.3": ("3 · Berat", "3 · Serious"),
    "severity.4": ("4 · Mengancam nyawa", "4 · Life-threatening"),
    "severity.5": ("5 · Banyak korban", "5 · Many victims"),
    "premise_kind.hazard": ("Bahaya", "Hazard"),
    "premise_kind.medical": ("Medis", "Medical"),
    "premise_kind.access": ("Akses / kode pagar", "Access / gate code"),
    "premise_kind.other": ("Lainnya", "Other"),
    "premise_act.written": ("ditulis", "written"),
    "premise_act.changed": ("diubah", "changed"),
    "premise_act.withdrawn": ("dicabut", "withdrawn"),
    # ---- board
    "board.my_phone": ("Telepon di meja ini", "The phone at this desk"),
    "board.my_phone_none": ("Bukan meja penerima", "No taker's desk"),
    "board.my_phone_hint": (
        "Tiket terbuka sendiri begitu telepon ini menjawab.",
        "The ticket opens by itself as soon as this phone answers.",
    ),
    "ticket.mine": ("Panggilan Anda:", "Your call:"),
    "board.title": ("Papan", "Board"),
    "board.waiting": ("Panggilan menunggu", "Waiting calls"),
    "board.waiting_none": ("Tidak ada panggilan yang menunggu.", "No call is waiting."),
    "board.waits": ("menunggu", "waiting"),
    "board.takers": ("Penerima panggilan", "Call takers"),
    "board.takers_none": (
        "Belum ada penerima panggilan. Admin menambahkannya dengan siaga112 taker add.",
        "There is no call taker yet. The admin adds one with siaga112 taker add.",
    ),
    "alarm.label": ("Gangguan pada saluran 112", "Faults of the line"),
    "alarm.audit": ("Catatan tiket berbeda dari buku besar", "Tickets and ledger differ"),
    "alarm.trunk": ("Saluran operator terputus", "A carrier's trunk is down"),
    "alarm.space": ("Ruang penyimpanan hampir habis", "Storage is running out"),
    "alarm.clock": ("Jam server tidak tepat", "The server's clock is not right"),
    "alarm.dispatch": ("Tidak ada SKPD yang menerima", "No SKPD has accepted"),
    "alarm.test-call": ("Panggilan uji gagal", "The test call failed"),
    "alarm.other": ("Gangguan", "Fault"),
    "board.takers_blind": (
        "Keadaan telepon tidak diketahui: Asterisk tidak menjawab.",
        "The phones' state is not known: Asterisk does not answer.",
    ),
    "board.tickets": ("Tiket terbuka", "Open tickets"),
    "board.tickets_none": ("Tidak ada tiket terbuka.", "There is no open ticket."),
    "board.tickets_none_hint": (
        "Tiket muncul di sini begitu sebuah panggilan dijawab.",
        "A ticket appears here the moment a call is answered.",
    ),
    "board.tickets_none_skpd": (
        "Tidak ada tiket yang diteruskan ke SKPD Anda.",
        "No ticket has been sent to your SKPD.",
    ),
    "board.more": (
        "Hanya {count} tiket terbuka yang tampil: keadaan darurat lebih dahulu, lalu yang terbaru.",
        "Only {count} open tickets are shown: emergencies first, then the newest.",
    ),
    "board.longest": ("Terlama menunggu", "Longest wait"),
    "board.count_waiting": ("Menunggu", "Waiting"),
    "board.count_open": ("Tiket baru", "Open"),
    "board.count_on_progress": ("Sedang ditangani", "On progress"),
    "board.count_late": ("Terlambat", "Late"),
    "board.count_free": ("Penerima siap", "Takers free"),
    "board.talking_now": ("sedang bicara", "talking now"),
    "board.no_place": ("Lokasi belum dicatat", "No location yet"),
    "board.no_category": ("Kategori belum dicatat", "No category yet"),
    "board.new_ticket": ("Tiket baru: {number}", "New ticket: {number}"),
    "board.feed_cut": (
        "Sambungan langsung terputus: isi layar ini mungkin sudah usang. Menyambung kembali…",
        "The live feed is cut: this screen may be out of date. Reconnecting…",
    ),
    "board.since": ("sejak", "since"),
    # ---- columns
    "col.ticket": ("Tiket", "Ticket"),
    "col.incident": ("Kejadian dan lokasi", "Incident and location"),
    "col.caller": ("Pemanggil", "Caller"),
    "col.taker": ("Penerima", "Taker"),
    "col.status": ("Status", "Status"),
    "col.answered": ("Dijawab", "Answered"),
    "col.arrived": ("Tiba", "Arrived"),
    "col.wait": ("Tunggu", "Wait"),
    "col.handled": ("Ditangani", "On progress"),
    "col.closed": ("Selesai", "Closed"),
    "col.talk": ("Bicara", "Talk"),
    "col.outcome": ("Hasil", "Outcome"),
    "col.recording": ("Rekaman", "Recording"),
    # ---- what the API refuses, by the name of the problem (problems.py)
    "problem.stale-version": ("Tiket ini baru saja diubah orang lain.", "Somebody else has just changed this ticket."),
    "problem.transition-refused": (
        "Status tidak dapat diubah begitu: sudah diubah orang lain, atau bukan wewenang peran Anda.",
        "The status cannot be turned so: somebody else has turned it, or it is not for your role.",
    ),
    "problem.reopen-first": (
        "Tiket ini sudah ditutup. Supervisor harus membukanya kembali sebelum jenis itu dapat dipilih.",
        "This ticket is closed. A supervisor has to reopen it before that type can be chosen.",
    ),
    "problem.call-back-settled": (
        "Sudah selesai: orang lain lebih dulu menghubunginya, atau penelepon sudah menelepon lagi.",
        "Settled already: somebody else was quicker, or the caller has called again.",
    ),
    "problem.skpd-without-lines": (
        "SKPD ini belum punya nomor telepon. Hubungi lewat jalan lain, dan beri tahu admin.",
        "This SKPD has no telephone line yet. Reach it another way, and tell the admin.",
    ),
    "problem.dispatch-under-way": (
        "SKPD ini sedang dihubungi atau sedang bicara untuk tiket ini.",
        "This SKPD is being called, or talks, for this ticket already.",
    ),
    "problem.dispatch-over": (
        "Terlambat: SKPD sudah menjawab, atau panggilannya sudah berakhir atau dibatalkan.",
        "Too late: the SKPD has answered, or calling it is over or was cancelled.",
    ),
    "problem.not-consulting": (
        "Tidak ada percakapan terpisah yang sedang berlangsung.",
        "There is no consultation going on.",
    ),
    "problem.nobody-to-hand-over-to": (
        "Belum dapat diserahkan: tidak ada SKPD dalam percakapan, penelepon akan sendirian.",
        "Not handed over: no SKPD is in the conversation, the caller would be alone.",
    ),
    "problem.ticket-closed": (
        "Tiket ini sudah ditutup. Supervisor harus membukanya kembali lebih dulu.",
        "This ticket is closed. A supervisor has to reopen it first.",
    ),
    "problem.telephone-silent": (
        "Asterisk tidak menjawab: belum tentu terlaksana. Periksa di bawah; bila perlu, telepon sendiri.",
        "Asterisk does not answer: it may not have been done. Look below; if need be, use the telephone.",
    ),
    "problem.telephone-refused": (
        "Asterisk menolak: tidak terlaksana. Coba lagi, atau telepon sendiri.",
        "Asterisk refused: it was not done. Try again, or use the telephone.",
    ),
    "problem.reason-needed": ("Alasan wajib diisi.", "A reason is needed."),
    "problem.forbidden": ("Bukan wewenang peran Anda.", "Not for your role."),
    "problem.csrf": (
        "Halaman ini kedaluwarsa. Muat ulang, lalu coba lagi.",
        "This page is stale. Reload and try again.",
    ),
    "problem.not-signed-in": ("Sesi Anda berakhir. Silakan masuk lagi.", "Your session is over. Sign in again."),
    "problem.not-found": ("Ini sudah tidak ada.", "It is not there any more."),
    "problem.invalid-body": ("Ada isian yang tidak dapat diterima.", "Something typed in cannot be taken."),
    "problem.too-slow": (
        "Server sedang sibuk. Coba lagi sebentar.",
        "The server is busy. Try again in a moment.",
    ),
    "problem.store-unusable": (
        "Basis data tidak dapat dipakai saat ini. Telepon tetap berjalan; coba lagi.",
        "The database cannot be used now. The telephone goes on; try again.",
    ),
    "problem.internal": ("Kesalahan di server. Coba lagi.", "The server has failed. Try again."),
    # ---- ticket
    "ticket.title": ("Tiket {number}", "Ticket {number}"),
    "ticket.record": ("Catatan kejadian", "Incident record"),
    "ticket.reporter": ("Pelapor", "Reporter"),
    "ticket.call_type": ("Jenis panggilan", "Call type"),
    "ticket.category": ("Kategori kejadian", "Incident category"),
    "ticket.severity": ("Tingkat keparahan", "Severity"),
    "ticket.verbatim": ("Lokasi, kata pemanggil", "Location, in the caller's words"),
    "ticket.verbatim_hint": ("Tulis persis seperti diucapkan.", "Write it exactly as it was said."),
    "ticket.area": ("Kelurahan", "Area (kelurahan)"),
    "ticket.landmark": ("Patokan", "Landmark"),
    "ticket.description": ("Uraian kejadian", "Description"),
    "ticket.not_chosen": ("Belum dipilih", "Not chosen"),
    "ticket.save": ("Simpan catatan", "Save record"),
    "ticket.saved": ("Tersimpan pukul {time}.", "Saved at {time}."),
    "ticket.unsaved": ("Ada perubahan yang belum disimpan.", "There are unsaved changes."),
    "ticket.not_saved": ("Tidak tersimpan: {reason}", "Not saved: {reason}"),
    "ticket.unreachable": ("server tidak dapat dihubungi", "the server cannot be reached"),
    "ticket.closing": (
        "Ditutup sebagai “{type}” dalam {seconds} detik.",
        "Closes as “{type}” in {seconds} seconds.",
    ),
    "ticket.closing_undo": ("Batalkan", "Undo"),
    "ticket.leave_unsaved": (
        "Ada perubahan yang belum disimpan. Keluar tanpa menyimpan?",
        "There are unsaved changes. Sign out without saving?",
    ),
    "ticket.session_over": (
        "Sesi Anda telah berakhir. Yang belum disimpan tetap ada di sini: masuk lagi di tab lain, lalu simpan.",
        "Your session is over. What is not saved stays here: sign in again in another tab, then save.",
    ),
    "ticket.sign_in_again": ("Masuk lagi", "Sign in again"),
    "ticket.read_only": (
        "Hanya untuk dibaca dengan peran Anda.",
        "Your role may only read this.",
    ),
    "ticket.quick": ("Tutup dengan satu tombol", "Close with one key"),
    "ticket.quick_hint": (
        "Bukan keadaan darurat? Satu tombol mencatat jenisnya dan menutup tiket.",
        "No emergency? One key records the type and closes the ticket.",
    ),
    "ticket.quick_prank": ("Iseng, tutup", "Prank, close"),
    "ticket.quick_ghost": ("Hantu, tutup", "Ghost, close"),
    "ticket.status": ("Status tiket", "Ticket status"),
    "ticket.turn_on_progress": ("Mulai ditangani", "Turn to on progress"),
    "ticket.turn_closed": ("Selesaikan tiket", "Close ticket"),
    "ticket.turn_open": ("Buka kembali", "Reopen"),
    "ticket.no_turn": ("Tidak ada perubahan status untuk peran Anda.", "No status change for your role."),
    "ticket.reason": ("Alasan membuka kembali", "Reason for reopening"),
    "ticket.reason_needed": ("Alasan wajib diisi.", "A reason is needed."),
    "ticket.cancel": ("Batal", "Cancel"),
    "ticket.clocks": ("Batas waktu", "Deadlines"),
    "ticket.due": ("batas {time}", "due {time}"),
    "ticket.caller": ("Pemanggil", "Caller"),
    "ticket.call": ("Panggilan", "Call"),
    "ticket.recording": ("Rekaman", "Recording"),
    "ticket.recording_note": (
        "Setiap pemutaran dicatat pada tiket ini.",
        "Every playback is put on this ticket's record.",
    ),
    "ticket.recording_not_yours": (
        "Rekaman diputar oleh supervisor atau admin.",
        "A supervisor or an admin plays recordings.",
    ),
    "ticket.recording_none": ("Tidak ada rekaman.", "There is no recording."),
    "ticket.recording_not_yet": ("Rekaman tersedia setelah panggilan berakhir.", "Available once the call has ended."),
    "ticket.timeline": ("Riwayat", "Timeline"),
    "ticket.conflict_title": ("Tiket ini diubah orang lain", "Somebody else changed this ticket"),
    "ticket.conflict_lead": (
        "Isian Anda tetap ada dan belum disimpan. Bandingkan, lalu simpan lagi.",
        "What you typed is still here, and not saved yet. Compare, then save again.",
    ),
    "ticket.conflict_theirs": ("Isian mereka", "Theirs"),
    "ticket.conflict_yours": ("Isian Anda", "Yours"),
    "ticket.conflict_take": ("Pakai isian mereka", "Use theirs"),
    "ticket.conflict_keep": ("Tetap isian Anda", "Keep yours"),
    "ticket.conflict_field": ("Isian", "Field"),
    "ticket.conflict_updated": (
        "Isian yang tidak Anda sentuh sudah mengikuti perubahan mereka.",
        "Fields that you did not touch follow their change.",
    ),
    "ticket.empty_value": ("(kosong)", "(empty)"),
    "ticket.changed_now": ("Diperbarui oleh orang lain: {fields}", "Updated by somebody else: {fields}"),
    # ---- timeline
    "timeline.call_arrived": ("Panggilan masuk lewat {trunk}", "Call came in over {trunk}"),
    "timeline.arrival_time_settled": ("Waktu tiba dipastikan (semula {was})", "Arrival time settled (was {was})"),
    "timeline.caller_identified": ("Pemanggil dikenali: {caller}", "Caller identified: {caller}"),
    "timeline.call_overflowed": (
        "Tidak ada penerima yang dapat dihubungi: dialihkan ke nomor cadangan",
        "No taker could be rung: sent on to the backup numbers",
    ),
    "timeline.taker_answered": ("Dijawab penerima panggilan {party}", "Answered by call taker {party}"),
    "timeline.backup_answered": ("Dijawab nomor cadangan {party}", "Answered by backup number {party}"),
    "timeline.robot_answered": ("Dijawab robot uji", "Answered by the test robot"),
    "timeline.answer_time_settled": ("Waktu jawab dipastikan (semula {was})", "Answer time settled (was {was})"),
    "timeline.taker_left": ("Penerima {party} menutup telepon", "Call taker {party} hung up"),
    "timeline.backup_left": ("Nomor cadangan {party} menutup telepon", "Backup number {party} hung up"),
    "timeline.call_interrupted": (
        "Panggilan terputus karena gangguan saluran",
        "Call cut off by a fault of the line",
    ),
    "timeline.robot_left": ("Robot uji menutup telepon", "The test robot hung up"),
    "timeline.call_ended": ("Panggilan berakhir: {outcome}", "Call ended: {outcome}"),
    "timeline.end_settled": ("Akhir panggilan dipastikan: {outcome}", "End of the call settled: {outcome}"),
    "timeline.ticket_opened": ("Tiket {number} terbuka", "Ticket {number} opened"),
    "timeline.ticket_triaged": ("Catatan diubah", "Record changed"),
    "timeline.status_turned": ("Status: {from} → {to}", "Status: {from} → {to}"),
    "timeline.status_turned_reason": ("Alasan: {reason}", "Reason: {reason}"),
    "timeline.sla_breached": ("Batas waktu terlewati: {clock}", "Deadline passed: {clock}"),
    "timeline.recording_played": ("Rekaman diputar", "Recording played"),
    "timeline.recording_played_note": (
        "Catatan suara {skpd} pukul {spoken} diputar",
        "Spoken note of {skpd} at {spoken} played",
    ),
    "timeline.call_back_tried": ("Dihubungi kembali: {tried}", "Called back: {tried}"),
    "timeline.call_back_settled": ("Panggilan balik selesai: {settled}", "Call-back settled: {settled}"),
    "timeline.premise_note_touched": (
        "Catatan lokasi {premise_act}: {premise_kind}",
        "Premise note {premise_act}: {premise_kind}",
    ),
    "timeline.dispatch_requested": ("Dihubungkan ke {skpd}", "Asked for: {skpd}"),
    "timeline.dispatch_line_dialled": ("{skpd}: memanggil {line} lewat {trunk}", "{skpd}: calling {line} over {trunk}"),
    "timeline.dispatch_line_ringing": ("{skpd}: {line} berdering", "{skpd}: {line} is ringing"),
    "timeline.dispatch_line_answered": ("{skpd}: {line} diangkat", "{skpd}: {line} was picked up"),
    "timeline.dispatch_line_ended": ("{skpd}: {line} selesai: {reached}", "{skpd}: {line} over: {reached}"),
    "timeline.dispatch_accepted": ("{skpd} menerima, di {line}", "{skpd} accepted, on {line}"),
    "timeline.dispatch_consulted": (
        "{skpd} bicara dengan penerima panggilan saja",
        "{skpd} speaks with the taker alone",
    ),
    "timeline.dispatch_joined": ("{skpd} masuk ke percakapan", "{skpd} came into the conversation"),
    "timeline.dispatch_left": ("{skpd} keluar dari percakapan", "{skpd} left the conversation"),
    "timeline.dispatch_failed": ("Tidak ada yang menerima di {skpd}", "Nobody accepted at {skpd}"),
    "timeline.dispatch_cancelled": ("{skpd} dibatalkan", "{skpd} cancelled"),
    "timeline.dispatch_updated": ("{skpd}: {state}", "{skpd}: {state}"),
    "timeline.note": ("Catatan: {note}", "Note: {note}"),
    "timeline.spoken_note": ("Catatan suara", "Spoken note"),
    "timeline.other": ("Kejadian: {type}", "Event: {type}"),
    "timeline.by": ("oleh {by}", "by {by}"),
    "timeline.recorded": ("{field}: {after}", "{field}: {after}"),
    "timeline.change": ("{field}: {before} → {after}", "{field}: {before} → {after}"),
    # ---- dispatch: how it stands (requested, ringing and answered while lines are rung), and what became of a line
    "dispatch.requested": ("Memanggil", "Calling"),
    "dispatch.ringing": ("Berdering", "Ringing"),
    "dispatch.answered": ("Diangkat, belum diterima", "Picked up, not accepted yet"),
    "dispatch.accepted": ("Diterima", "Accepted"),
    "dispatch.assigned": ("Petugas ditunjuk", "Crew assigned"),
    "dispatch.en_route": ("Menuju lokasi", "On the way"),
    "dispatch.on_scene": ("Di lokasi", "On scene"),
    "dispatch.handled": ("Tertangani", "Handled"),
    "dispatch.declined": ("Menolak", "Declined"),
    "dispatch.failed": ("Gagal", "Failed"),
    "dispatch.cancelled": ("Dibatalkan", "Cancelled"),
    "dispatch.title": ("Hubungkan ke SKPD", "Connect an SKPD"),
    "dispatch.title_read": ("SKPD yang dihubungi", "SKPDs asked"),
    "dispatch.choices": ("SKPD yang dapat dihubungi", "SKPDs that can be asked"),
    "dispatch.list": ("Yang sudah dihubungi", "Who was asked"),
    "dispatch.none": ("Belum ada SKPD yang dihubungi.", "No SKPD has been asked yet."),
    "dispatch.no_skpd": (
        "Belum ada SKPD. Admin menambahkannya dengan siaga112 skpd add.",
        "There is no SKPD yet. The admin adds one with siaga112 skpd add.",
    ),
    "dispatch.no_line": ("belum punya nomor telepon", "has no telephone line yet"),
    "dispatch.nobody": ("Tidak ada yang menerima di {skpd}.", "Nobody has accepted at {skpd}."),
    "dispatch.try_again": ("Coba lagi, atau hubungi SKPD lain.", "Try again, or ask another SKPD."),
    "dispatch.talks": ("dalam percakapan", "in the conversation"),
    "dispatch.consult": ("Bicara dulu", "Consult"),
    "dispatch.consult_skpd": ("Bicara dulu dengan {skpd}", "Consult {skpd} first"),
    "dispatch.consult_hint": (
        "Anda bicara dengan SKPD lebih dulu; penelepon mendengar nada tunggu.",
        "You speak with the SKPD first; the caller hears music.",
    ),
    "dispatch.consults": ("bicara dengan Anda saja", "speaks with you alone"),
    "dispatch.join": ("Gabungkan", "Join"),
    "dispatch.join_hint": (
        "Penelepon, Anda dan SKPD dalam satu percakapan. Menutup telepon: penelepon tinggal dengan SKPD.",
        "Caller, you and the SKPD in one conversation. Hanging up leaves the caller with the SKPD.",
    ),
    "dispatch.hand_over": ("Serahkan", "Hand over"),
    "dispatch.hand_over_hint": (
        "Penelepon tetap bicara dengan SKPD; telepon penerima panggilan ditutup.",
        "The caller goes on talking with the SKPD; the taker's phone is put down.",
    ),
    "dispatch.cancel": ("Batalkan panggilan", "Stop calling"),
    "dispatch.says": ("Yang dikatakan {skpd}", "What {skpd} says"),
    "dispatch.say_accepted": ("Menerima", "Accepts"),
    "dispatch.say_assigned": ("Petugas ditunjuk", "Crew assigned"),
    "dispatch.say_en_route": ("Menuju lokasi", "On the way"),
    "dispatch.say_on_scene": ("Di lokasi", "On scene"),
    "dispatch.say_handled": ("Tertangani", "Handled"),
    "dispatch.say_declined": ("Menolak", "Declines"),
    "dispatch.add_note": ("Tulis catatan", "Add a note"),
    "dispatch.note": ("Catatan", "Note"),
    "dispatch.spoken_note": ("Catatan suara", "Spoken note"),
    "dispatch.play_note": ("Putar catatan suara {skpd} pukul {time}", "Play the spoken note of {skpd} at {time}"),
    "dispatch.playing_note": ("Catatan suara {skpd} pukul {time}", "Spoken note of {skpd} at {time}"),
    "dispatch.record": ("Catat", "Record"),
    "leg.dialled": ("dipanggil", "called"),
    "leg.ringing": ("berdering", "ringing"),
    "leg.answered": ("diangkat", "picked up"),
    "leg.accepted": ("diterima", "accepted"),
    "leg.ended": ("ditutup", "hung up"),
    "leg.not_confirmed": ("diangkat, tidak ada yang menekan 1", "picked up, nobody pressed 1"),
    "leg.busy": ("sibuk", "busy"),
    "leg.no_answer": ("tidak diangkat", "no answer"),
    "leg.refused": ("ditolak", "refused"),
    "leg.unreachable": ("tidak terhubung", "unreachable"),
    "leg.failed": ("gangguan saluran", "the trunk failed"),
    "leg.cancelled": ("dibatalkan", "cancelled"),
    # ---- call-backs
    "tried.reached": ("terhubung", "reached"),
    "tried.no_answer": ("tidak diangkat", "no answer"),
    "tried.busy": ("sibuk", "busy"),
    "tried.refused": ("menolak bicara", "refused"),
    "tried.unreachable": ("tidak aktif", "unreachable"),
    "tried.given_up": ("tidak ditindaklanjuti", "given up"),
    "settled.reached": ("terhubung", "reached"),
    "settled.called_again": ("menelepon lagi dan dijawab", "called again and was answered"),
    "settled.given_up": ("tidak ditindaklanjuti", "given up"),
    "call_backs.title": ("Panggilan balik", "Call-backs"),
    "call_backs.owed": ("Harus dihubungi kembali", "To be called back"),
    "call_backs.history": ("Yang sudah selesai", "Settled"),
    "call_backs.back_to_owed": ("Yang harus dihubungi", "To be called back"),
    "call_backs.none": ("Semua penelepon sudah dihubungi kembali.", "Everybody has been called back."),
    "call_backs.none_settled": ("Belum ada panggilan balik yang selesai.", "No call-back has been settled yet."),
    "call_backs.since": ("Menunggu sejak", "Waiting since"),
    "call_backs.times": ("{count} panggilan", "{count} calls"),
    "call_backs.time": ("1 panggilan", "1 call"),
    "call_backs.attempts": ("Percobaan", "Attempts"),
    "call_backs.not_tried": ("Belum dicoba", "Not tried yet"),
    "call_backs.note": ("Catatan", "Note"),
    "call_backs.note_of": ("Catatan untuk {caller}", "Note on {caller}"),
    "call_backs.record_for": ("Hasil menghubungi {caller}", "Result of calling {caller}"),
    "call_backs.give_up": ("Tidak ditindaklanjuti", "Give up"),
    "call_backs.reason_needed": ("Tulis alasannya di catatan.", "Write the reason as the note."),
    "call_backs.recording": (
        "Dicatat “{type}” dalam {seconds} detik.",
        "Recorded as “{type}” in {seconds} seconds.",
    ),
    "call_backs.undo": ("Batalkan", "Undo"),
    "call_backs.not_recorded": ("Tidak tercatat: {reason}", "Not recorded: {reason}"),
    "call_backs.recorded": ("Tercatat.", "Recorded."),
    "call_backs.newer": ("Awal daftar", "Beginning of the list"),
    "call_backs.more": ("Berikutnya", "Next"),
    # ---- call log
    "calls.title": ("Panggilan", "Calls"),
    "calls.filter": ("Saring", "Filter"),
    "calls.outcome": ("Hasil", "Outcome"),
    "calls.any": ("Semua", "Any"),
    "calls.taker": ("Penerima", "Taker"),
    "calls.from": ("Dari tanggal", "From"),
    "calls.to": ("Sampai tanggal", "To"),
    "calls.text": ("Nomor atau tiket", "Number or ticket"),
    "calls.apply": ("Terapkan", "Apply"),
    "calls.clear": ("Hapus saringan", "Clear filters"),
    "calls.none": ("Tidak ada panggilan yang cocok.", "No call matches."),
    "calls.none_at_all": ("Belum ada panggilan.", "There has been no call yet."),
    "calls.newest": ("Terbaru", "Newest"),
    "calls.older": ("Lebih lama", "Older"),
    "calls.pages": ("Halaman", "Pages"),
    "calls.table": ("Daftar panggilan", "List of calls"),
    "calls.no_ticket": ("tanpa tiket", "no ticket"),
    "calls.play": ("Putar", "Play"),
    "calls.play_of": ("Putar rekaman panggilan pukul {time}", "Play the recording of the call at {time}"),
    "calls.player": ("Pemutar rekaman", "Recording player"),
    "calls.playing": ("Rekaman panggilan pukul {time}", "Recording of the call at {time}"),
    "calls.play_failed": ("Rekaman tidak dapat diputar.", "The recording cannot be played."),
    "calls.close_player": ("Tutup pemutar", "Close player"),
    "calls.bad_filter": (
        "Saringan tidak dapat dibaca; semua panggilan tampil.",
        "The filter cannot be read; all shown.",
    ),
    "calls.count": ("{count} panggilan pada halaman ini", "{count} calls on this page"),
    "calls.times_note": (
        "Waktu setempat (WITA). Ditangani dan selesai dihitung dari saat dijawab.",
        "Local time (WITA). On progress and closed are counted from the answer.",
    ),
    # ---- errors
    "error.404": ("Halaman atau tiket ini tidak ada.", "There is no such page or ticket."),
    "error.403": ("Halaman ini bukan untuk peran Anda.", "This page is not for your role."),
    "error.500": (
        "Terjadi kesalahan di pihak kami; sudah tercatat.",
        "Something went wrong on our side; it has been logged.",
    ),
    "error.503": (
        "Data sedang tidak dapat dibaca. Telepon tetap berjalan; coba lagi sebentar.",
        "Data cannot be read just now. The phones keep working; try again shortly.",
    ),
    "error.back": ("Ke papan", "To the board"),
}

_DAYS: Final = (
    ("Sen", "Mon"),
    ("Sel", "Tue"),
    ("Rab", "Wed"),
    ("Kam", "Thu"),
    ("Jum", "Fri"),
    ("Sab", "Sat"),
    ("Min", "Sun"),
)
_MONTHS: Final = (
    ("Jan", "Jan"),
    ("Feb", "Feb"),
    ("Mar", "Mar"),
    ("Apr", "Apr"),
    ("Mei", "May"),
    ("Jun", "Jun"),
    ("Jul", "Jul"),
    ("Agu", "Aug"),
    ("Sep", "Sep"),
    ("Okt", "Oct"),
    ("Nov", "Nov"),
    ("Des", "Dec"),
)


class Texts:
    """The catalogue in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._place = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """Give the sentence; raise KeyError for one that is not in the catalogue."""
        text = TEXTS[key][self._place]
        return text.format(**values) if values else text

    def category(self, code: str | None) -> str | None:
        """A category's name; an unknown code as it is; None for none."""
        if code is None:
            return None
        names = CATEGORIES.get(code)
        return names[self._place] if names else code

    def problems(self) -> dict[str, str]:
        """What people are told of a refusal, by the problem's name."""
        return {key.removeprefix("problem."): self(key) for key in TEXTS if key.startswith("problem.")}

    def day(self, weekday: int) -> str:
        """`Sen` for 0."""
        return _DAYS[weekday][self._place]

    def month(self, month: int) -> str:
        """`Jan` for 1."""
        return _MONTHS[month - 1][self._place]


_CATALOGUES: Final = {language: Texts(language) for language in LANGUAGES}


def texts(wanted: str | None, site: str = "id") -> Texts:
    """What the user chose, else the site's language, else Indonesian.

    What a browser asks for says little here: Indonesian desks run English systems.
    """
    known = [one for one in (wanted, site) if one in LANGUAGES]
    return next((_CATALOGUES[one] for one in LANGUAGES if one in known[:1]), _CATALOGUES["id"])
