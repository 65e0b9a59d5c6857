"""Languages beyond the seven: the plain keywords and the commonest phrases, which a person looks at.

`words`: the whole message or a clause of it, courtesy aside. `beside`: phrases, wherever they stand. Both are compared
as the message is, without accents and marks; `pattern` is for short words that accents tell from names and the like,
compared with the message in small letters as it came.
"""

from __future__ import annotations

from processors.opt_out.rules import Rule, Unless

_OWN = "our own wording, after the messages that senders in this language use"


def _rule(
    code: str, says: str, words: str, phrases: str, *examples: str, source: str = _OWN, pattern: str = ""
) -> Rule:
    """`words` and `phrases`, parted by " / "."""
    return Rule(
        f"c.outside.{code}", "C", "outside", says, (code,), _parted(words), pattern, _parted(phrases), since=2,
        source=source, examples=examples,
    )  # fmt: skip


def _parted(listed: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in listed.split(" / ") if part.strip())


#: Said beside a keyword without changing it.
COURTESIES = (
    "请 / 請 / 谢谢 / 謝謝 / 吧 / 了 / 拜托 / xin / xin vui long / vui long / lam on / cam on / a / nhe / di / please / thanks / thank you / po / opo / na / "
    "naman / salamat / pakiusap / paki / 제발 / 감사합니다 / 요 / 부탁드립니다 / お願いします / ください / 下さい / ありがとう / どうか / してください / して / "
    "пожалуйста / спасибо / плиз / пжл / прошу / будь ласка / дякую / пожалуста / prosze / dziekuje / dzieki / من فضلك / "
    "لو سمحت / رجاء / شكرا / min fadlak / tanpri / silvouple / souple / mesi / कृपया / धन्यवाद / प्लीज / kripya / plz / pls / "
    "dhanyavad / shukriya / tack / tak / takk / lutfen / tesekkurler / tolong / terima kasih / kiitos / te rog / multumesc / "
    "prosim / dekuji / koszi / kerem / parakalo / ευχαριστω / παρακαλω / בבקשה / תודה / ครับ / ค่ะ / คะ / ขอบคุณ / لطفا / ممنون / molim / hvala / моля"
)  # fmt: skip

RULES = (
    _rule(
        "zh", "Chinese, both scripts",
        "停止 / 停 / 退订 / 退訂 / 取消 / 取消订阅 / 取消訂閱 / 停止发送 / 停止發送 / 拒收 / 别发 / 別發 / 别发了 / 別發了 / 别烦我 / 別煩我 / 滚 / 滾 / "
        "tuiding / 解除 / 终止 / 終止 / 结束 / 結束 / 回复td / 回復td / 打住 / 别发短信 / 不要发 / 住手 / 删除 / 刪除 / 停止短信 / 移除 / 退出 / 够了 / 夠了",
        "取消订阅 / 取消訂閱 / 不要再联系 / 不要再聯繫 / 不要再聯絡 / 不要再发 / 不要再發 / 不要再给我发 / 不要再給我發 / 别再发 / 別再發 / 别再给我 / 別再給我 / 别再联系 / 別再聯繫 / "
        "別再聯絡 / 不要给我发 / 不要給我發 / 不要发短信 / 不要發短信 / 不要傳 / 别给我发 / 別給我發 / 别给我打 / 別打給我 / 不要联系我 / 不要聯繫我 / 不要聯絡我 / 请勿联系 / 請勿聯繫 / "
        "請勿聯絡 / 请勿打扰 / 請勿打擾 / 不要打扰 / 不要打擾 / 别打扰 / 別打擾 / 别骚扰 / 別騷擾 / 停止骚扰 / 停止騷擾 / 不要骚扰 / 不要騷擾 / 停止给我发 / 停止給我發 / 停止发 / 停止發 / "
        "停止联系 / 停止聯繫 / 停止聯絡 / 删除我的 / 刪除我的 / 号码删 / 號碼刪 / 把我的号码 / 把我的號碼 / 移除我的 / 把我删 / 把我刪 / 把我从名单 / 把我從名單 / 把我从你 / 把我從你 / 从名单 / 從名單 / 不想收到 / 不想再收到 / 不愿收到 / 不願收到 / 不想再收 / 不再接收 / 拒绝接收 / "
        "拒絕接收 / 别再打 / 別再打 / 不要再打 / 不要打电话 / 不要打電話 / 不要再传 / 不要再傳 / 别再短信 / 你发错人 / 您发错人 / 你打错了 / 您打错了 / 你打錯了 / 您打錯了 / 你發錯人 / 您發錯人 / 打错电话了 / 打錯電話了 / 號碼錯 / 号码错 / 举报你 / 舉報你 / 拉黑 / 封鎖你 / 不要再来电 / 不要再来信 / 退订短信 / 我要退订 / 我要退訂",
        "退訂", "请不要再发短信给我", "別再打電話來", source="\"回T退订\" of Chinese carriers; our own wording",
    ),
    _rule(
        "vi", "Vietnamese",
        "dung lai / ngung / ngung lai / huy dang ky / huy bo / tu choi / dung nhan tin / khong nhan tin / thoi di / ngung nhan tin / dung goi / dung nhan / dung gui / khong nhan / "
        "dung nhan nua / go bo / xoa so / thoi ngay / ngung gui / cham dut / khong nhan tin nua",
        "dung nhan tin / dung nhan cho toi / dung gui tin / dung gui cho toi / dung gui nua / dung goi / dung lien lac / dung lien he / dung lam phien / khong muon nhan / khong nhan tin / "
        "khong muon nhan tin / ngung nhan tin / ngung gui / ngung goi / ngung lien lac / ngung lien he / xoa so / xoa ten toi / huy dang ky / bo toi ra / khong lien lac / khong lien he / "
        "lam on dung / ngung lam phien / go toi ra / xoa toi khoi / dung quay ray / sai so / nham so / nham nguoi / tin nhan nua / khong can nhan tin",
        "ngừng lại", "làm ơn đừng gọi cho tôi nữa", "xóa số của tôi",
        pattern="^\\W*(?:hủy|huỷ|hủy bỏ|dừng|ngừng|ngưng|từ chối|đừng|thôi|xóa|xoá|hủy đi|dừng đi)(?: lại| đi| ngay| nhé| ạ)*\\W*$",
        source="HUY and TC of Vietnamese carriers; our own wording",
    ),
    _rule(
        "tl", "Tagalog",
        "tigil / itigil / tigilan / tigilan mo / tigil na / itigil na / itigil mo / itigil niyo / ayoko na / tama na / hinto / ihinto / huwag na / wag na / tumigil / tumigil ka / "
        "tumigil na / burahin / tanggalin / hindi na / huminto / itigil ito / itigil mo na / itigil niyo na / hwag na / tigilan nyo / ayaw ko na",
        "wag mo na akong / wag mo akong / wag nyo na akong / wag niyo na akong / wag niyo akong / wag nyo akong / huwag mo na akong / huwag mo akong / huwag niyo na akong / huwag niyo akong / huwag nyo akong / "
        "wag na kayo / wag ka na mag / huwag na kayo / huwag ka na mag / huwag ka nang / wag ka nang / wag na mag / huwag na mag / huwag nang / wag nang mag / tigilan mo ako / tigilan niyo ako / tigilan nyo ako / "
        "tigilan mo na / tigilan niyo na / tigilan nyo na / ayoko na ng / ayokong makatanggap / ayaw ko na ng / ayaw kong makatanggap / tanggalin mo ako / tanggalin niyo ako / tanggalin nyo / alisin mo ako / alisin niyo ako / "
        "alisin ang number / burahin mo number / burahin ang number / burahin mo ang / itigil ang / itigil mo ang / itigil niyo ang / itigil mo na ang / wag mag text / wag magtext / wag mag-text / wrong number po / "
        "maling numero / mali ang number / maling number / tama na po / wag ng magtext / wag mo na ko / wag nyo na ko / tanggalin ang number / tanggalin niyo ang / tanggalin mo ang / burahin niyo ang",
        "Tama na", "huwag niyo na akong i-text", "tanggalin niyo ang number ko",
    ),
    _rule(
        "ko", "Korean",
        "중지 / 중단 / 그만 / 그만해 / 그만해요 / 그만하세요 / 정지 / 취소 / 해지 / 탈퇴 / 거부 / 수신거부 / 수신 거부 / 스톱 / 스탑 / 멈춰 / 멈춰요 / 삭제 / 구독취소 / 구독 취소 / 꺼져 / 차단 / 그만 보내 / 보내지마 / 보내지 마 / "
        "하지마 / 하지 마세요 / 연락하지마 / 문자거부 / 하지마세요 / 그만둬 / 종료",
        "수신거부 / 수신 거부 / 연락하지 마 / 연락하지마 / 연락 하지 / 문자하지 마 / 문자하지마 / 문자 하지 / 보내지 마 / 보내지마 / 전화하지 마 / 전화하지마 / 전화 하지 마 / 그만 보내 / 그만보내 / 그만 연락 / 그만 문자 / 받고 싶지 않 / 받고싶지 않 / "
        "받지 않겠 / 삭제해 주 / 삭제해주 / 지워 주 / 지워주 / 번호 삭제 / 번호 지워 / 명단에서 / 목록에서 / 귀찮게 하지 / 더 이상 연락 / 더이상 연락 / 더 이상 문자 / 더이상 문자 / 원하지 않습니다 / 잘못 보내 / 잘못된 번호 / 번호 잘못 / 신고하겠 / 신고할 / 차단하겠 / 구독 해지 / 구독 취소 / 구독취소 / 그만하세요",
        "수신 거부", "더 이상 문자 보내지 마세요", "제 번호 삭제해 주세요", source="수신거부, the words that Korean law asks of advertising texts",
    ),
    _rule(
        "ja", "Japanese",
        "停止 / 配信停止 / 解除 / 登録解除 / 退会 / やめて / やめてください / やめろ / 止めて / 止めてください / ストップ / キャンセル / 不要です / 受信拒否 / 拒否 / 配信解除 / 中止 / 解約 / もういい / 送るな / うざい / 配信停止希望 / 削除",
        "もうやめて / やめてください / 配信停止 / 配信を停止 / 配信を止め / 登録を解除 / 登録解除 / 送らないで / 送信しないで / 送ってこないで / 送信を停止 / 送るのをやめ / 連絡しないで / 連絡をやめ / 連絡してこないで / 連絡は不要 / メッセージを送らない / "
        "メールしないで / 電話しないで / 電話をかけないで / 電話してこないで / 二度と連絡 / 二度と送 / 二度と電話 / もう連絡 / もう送ら / 迷惑です / 迷惑なので / 削除してください / 削除して下さい / リストから / 受け取りたくない / 受信したくない / 番号を間違え / 番号違い / 間違い電話 / 人違い / 通報します / ブロックします / やめていただけ / 止めていただけ",
        "配信停止", "もう連絡しないでください", "リストから削除してください", source="配信停止, the words that Japanese senders offer",
    ),
    _rule(
        "ru", "Russian",
        "стоп / отмена / отписка / отписаться / отпишите / отпишись / отписать / хватит / прекратите / прекрати / прекратить / остановитесь / остановись / удалите / удалить / отстаньте / отстань / "
        "довольно / нет стоп / отказ / отказываюсь / остановить / отвали / отвалите / достали / завязывайте / не надо / не пишите / не звоните / не пиши / не беспокоить / не беспокойте / убрать / уберите / конец / стоп стоп / не звони / "
        "прекращайте / стап / остановка / отключить / отключите / otpishite / hvatit / otstan / otpisatsya / ne pishite / ne zvonite / prekratite / otstante / otpiska",
        "не пиши / не звони / не присылай / не надо мне / не надо писать / не надо звонить / не беспокой / не отправляй / не шли / не шлите / не хочу получать / не хочу больше получ / больше не пиш / больше не звон / больше не присыл / больше не беспок / больше не отправ / больше не надо / перестаньте / перестань / хватит писать / хватит звонить / хватит слать / хватит присылать / "
        "прекратите / прекрати / отпишите / отпишись / отписаться от / отстаньте / отстань / удалите / удали мой / удали меня / уберите меня / уберите мой / убери меня / исключите / вычеркните / забудьте этот / забудьте мой / забудь мой / оставьте меня / оставь меня / ошиблись номером / "
        "не тот номер / номером ошиблись / вы ошиблись / я не давал согласи / подам в суд / пожалуюсь / жалобу / это спам / в черный список / заблокир / достали со своими / ne pishite / ne zvonite / ne pishi mne / bolshe ne",
        "хватит", "не звоните мне больше", "уберите меня из списка", source="СТОП of Russian carriers; our own wording",
    ),
    _rule(
        "uk", "Ukrainian",
        "стоп / досить / годі / припиніть / припини / зупиніться / зупинись / відписатися / відпишіть / відписати / відписка / скасувати / скасуйте / видаліть / видалити / відчепіться / відчепись / припинити / відмова / відстаньте / не пишіть / не пиши / не дзвоніть / не турбуйте / вистачить / відключіть / відключити",
        "не пиш / не дзвон / не телефонуй / не надсилай / не турбуй / не хочу отримувати / більше не пиш / більше не дзвон / більше не надсил / більше не турб / відпишіть / відписати мене / видаліть / видали мій / приберіть / припиніть / припини / перестаньте / перестань / досить писати / годі писати / досить дзвонити / відчепіться / залиште мене / дайте спокій / дай спокій / виключіть / помилилися номером / помилились номером / не той номер / заблокую / скаргу / не надсилати",
        "досить", "не пишіть мені більше", "видаліть мій номер", source="СТОП of Ukrainian carriers; our own wording",
    ),
    _rule(
        "pl", "Polish",
        "rezygnuje / rezygnacja / wypisz / wypisz mnie / wypiszcie / wypiszcie mnie / wypisac / anuluj / zatrzymaj / przestan / przestancie / koniec / dosc / usun / usuncie / usunac / usun mnie / odpisz mnie / odczep sie / odczepcie sie / nie pisz / nie piszcie / nie dzwon / nie dzwoncie / "
        "starczy / wystarczy / spadaj / spadajcie / odwal sie / zrezygnuj / wyrejestruj / wylacz / wylaczyc / skoncz / skonczcie / zostaw mnie / rezygnuje z subskrypcji / spieprzaj / przerwij",
        "nie pisz do / nie pisz juz / nie pisz wiecej / nie piszcie / nie dzwon do / nie dzwon wiecej / nie dzwoncie / nie wysylaj / nie wysylajcie / nie kontaktuj / nie kontaktujcie / nie chce dostawac / nie chce otrzymywac / nie chce wiecej / nie zycze sobie / przestan pisac / przestan dzwonic / przestan do mnie / przestan wysylac / "
        "przestancie / prosze przestac / prosze nie pisac / prosze nie dzwonic / prosze o usuniecie / usun moj / usun mnie / usuncie / usunac moj / wypisz mnie / wypiszcie mnie / wykresl mnie / wykreslcie mnie / skoncz pisac / skonczcie / dajcie mi spokoj / daj mi spokoj / zostaw mnie w spokoju / zostawcie mnie / odczep sie / odczepcie sie / koniec z tymi / zla osoba / pomylka / zly numer / bledny numer / zglosze / zablokuje / cofam zgode / wycofuje zgode / nie wyrazam zgody / nie wyrazalem / nie wyrazalam / prosze mnie wypisac / rezygnuje z",
        "rezygnuję", "proszę nie dzwonić do mnie", "wypiszcie mnie z listy", source="STOP and REZYGNUJE of Polish carriers; our own wording",
    ),
    _rule(
        "ar", "Arabic, and Arabic in Latin letters",
        "توقف / توقفوا / قف / الغاء / الغي / الغ / الغاء الاشتراك / ايقاف / اوقف / أوقف / إيقاف / إلغاء / إلغاء الاشتراك / كفى / كفاية / خلاص / بطل / بطلوا / بطلو / وقف / وقفوا / حذف / احذف / احذفوا / احذفني / كفي / انهاء / إنهاء / "
        "tawaqaf / tawakaf / khalas / kefaya / wa2ef / wa2fo / batel / batlo / yezzi / ilgha2 / elgha2 / kafi / ستوب / سيبوني",
        "لا ترسل / لا ترسلوا / لا تراسل / لا تتصل / لا تتصلوا / لا اريد / لا أريد اي رسائل / لا أريد أي رسائل / لا أريد رسائل / لا أريد المزيد / لا أريد استلام / لا اريد رسائل / ما ابي رسائل / ما ابغى رسائل / مش عايز رسايل / مش عاوز رسايل / مش عايزة رسايل / ما بدي رسائل / بدي رسائل / ما تبعت / متبعتش / ما تبعتش / ما تبعتوش / متبعتوش / "
        "ماتبعتوش / لا تبعت / لا تبعثوا / بطل تبعت / بطلوا / بطل رسايل / وقف الرسائل / وقفوا الرسائل / اوقفوا الرسائل / أوقفوا / توقف عن / توقفوا عن / كف عن / كفوا عن / الغاء الاشتراك / إلغاء الاشتراك / احذف رقمي / احذفوا رقمي / امسح رقمي / امسحوا رقمي / ازل رقمي / أزل رقمي / شيلوا رقمي / شيل رقمي / حذف رقمي / ازالة رقمي / إزالة رقمي / رقم خاطئ / الرقم غلط / رقم غلط / "
        "اتركني / اتركوني / دعني وشأني / دعوني / سيبوني / سيبني / لا تزعج / لا تزعجوني / سأبلغ / ما تتصل / متكلمنيش / ما تراسل / لا تكلمني / matb3atch / matb3atish / ma tb3atch / mab9ach tsift / matb9ach tsifet / safi matb9ach / matb9awch / la tersel / la tursil / la totasel / batel teb3at / wa2fo el rasayel / ma tersel / la tirsil / matsifetch / matsiftch / ma tsiftoch / mat3iyetch / baraka man",
        "خلاص", "لا ترسلوا لي رسائل", "شيلوا رقمي",
    ),
    _rule(
        "ht", "Haitian Creole",
        "sispann / kanpe / rete / anile / retire m / retire mwen / dezabone / kite m / kite m trankil / pa ekri m / pa rele m / efase / sa sifi / sispann sa / sispan / sispann tanpri / dezenskri / sispann voye / arete",
        "sispann ekri / sispann voye / sispann rele / sispann tekste / sispann text / sispann mesaj / sispann kontakte / sispann anmede / sispan voye / sispan ekri / sispan rele / pa voye mesaj / pa voye m / pa voye ban m / pa voye anko / pa ekri m / pa ekri mwen / pa rele m / pa rele mwen / pa kontakte m / pa kontakte mwen / pa tekste m / pa text m / "
        "pa deranje m / pa deranje mwen / pa anmede m / pa vle resevwa / pa vle mesaj / pa vle okenn mesaj / pa vle tande / retire m nan / retire m sou / retire mwen nan / retire mwen sou / retire non m / retire nimewo / efase nimewo / efase non m / kite m trankil / kite mwen trankil / kite m an pe / kite mwen an pe / move nimewo / nimewo sa a pa / pa nimewo / move moun / rete ekri / rete voye / rete rele / pa janm ekri / pa janm rele / m pap vle / mwen pa bezwen mesaj",
        "Kite m trankil", "sispann rele m", "retire nimewo mwen nan lis la",
    ),
    _rule(
        "hi", "Hindi, both scripts",
        "बंद / बंद करो / बंद करें / बंद कर दो / रोको / रोकें / रुको / रुकें / रुकिए / रोकिए / हटाओ / हटाएं / हटा दो / मत भेजो / बस करो / रद्द / रद्द करें / स्टॉप / बंद कीजिए / अनसब्सक्राइब / मत करो / छोड़ो / "
        "band karo / band kro / band kar do / band kardo / bandh karo / roko / ruko / hatao / hata do / mat bhejo / mat bhejiye / bas karo / bas kro / radd karo / band karein / bnd kro / rok do / mat karo / band kare",
        "मैसेज मत / संदेश मत / मेसेज मत / मत भेजो / मत भेजें / मत भेजिए / भेजना बंद / मैसेज बंद / संदेश बंद / मेसेज बंद / कॉल मत / फोन मत / फ़ोन मत / संपर्क मत / संपर्क न / मुझे मत / मुझे मैसेज न / मेरा नंबर हटा / मेरा नंबर डिलीट / नंबर हटा / सूची से हटा / लिस्ट से हटा / परेशान मत / परेशान न / तंग मत / नहीं चाहिए मैसेज / मैसेज नहीं चाहिए / संदेश नहीं चाहिए / गलत नंबर / रॉन्ग नंबर / शिकायत कर / "
        "message mat / msg mat / messages mat / sms mat / mat bhejo / mat bhejiye / mat bhejna / message band / messages band / msg band / sms band / message bhejna band / bhejna band / call mat / phone mat / contact mat / mera number hata / mera number delete / number hata do / number hatao / list se hata / pareshan mat / tang mat / message nahi chahiye / msg nahi chahiye / galat number / wrong number hai / mujhe message mat / mujhe mat / dobara message / dobara call / text mat",
        "बस करो", "मुझे मैसेज मत भेजो", "mera number hata do",
    ),
    _rule("tr", "Turkish",
          "durdur / durdurun / iptal / iptal et / iptal edin / yeter / cikis / silin / vazgec / birak / birakin / yazma / yazmayin / arama / aramayin / abonelikten cik / listeden cik / rahat birak / rahat birakin / ayril / yeter artik / kapat",
          "mesaj atma / mesaj gonderme / mesaj yazma / mesaj istemiyorum / sms istemiyorum / sms gonderme / sms atma / bana yazma / bana mesaj / beni arama / bir daha arama / bir daha yazma / bir daha mesaj / beni rahat birak / rahatsiz etme / rahatsiz ediyor / listeden cikar / listeden cikarin / listenizden cikar / numarami sil / numaramı sil / kaydimi sil / aboneligi iptal / aboneligimi iptal / iletisim kurma / almak istemiyorum / yanlis numara / sikayet edecegim",
          "yeter artık", "bana mesaj atmayın", "beni listeden çıkarın", source="RET and IPTAL of Turkish carriers; our own wording"),
    _rule("id", "Indonesian and Malay",
          "berhenti / hentikan / setop / stop dong / batal / batalkan / cukup / hapus / keluar / jangan / unreg / berhenti langganan / henti / hentikanlah / tolak / nyahlanggan / jangan ganggu",
          "jangan kirim / jangan hubungi / jangan sms / jangan telepon / jangan telpon / jangan chat / jangan wa / jangan ganggu / jangan hantar / jangan mesej / jangan call / berhenti mengirim / berhenti kirim / berhenti menghubungi / berhenti hantar / berhenti sms / berhenti berlangganan / hentikan pesan / hapus nomor / hapuskan nombor / padam nombor / keluarkan saya / hapus saya / tidak mau menerima / tidak ingin menerima / tak mahu terima / tidak mau dihubungi / tidak ingin dihubungi / salah nomor / salah nombor / salah orang",
          "hentikan", "jangan kirim sms lagi", "hapus nomor saya", source="UNREG of Indonesian carriers; our own wording"),
    _rule("sv", "Swedish, Danish and Norwegian",
          "sluta / avsluta / avregistrera / avanmal / stoppa / ta bort mig / upphor / avbryt / lat bli / sluta nu / afmeld / afmelding / slet mig / hold op / stopp det / avslutt / avmeld / avmelding / fjern meg / fjern mig / avbestall / ophor / lad vaere / avsluta prenumeration / ta bort / radera / slutt / annuller / avslutte / ikke mer / inte mer / sluta sms / radera mig",
          "sluta skicka / sluta skriva / sluta ringa / sluta sms / sluta kontakta / sluta messa / sluta smsa / skicka inte / skriv inte / ring inte / kontakta inte / kontakta mig inte / ring mig inte / messa inte / smsa inte / inga fler sms / inga fler meddelanden / inga mer sms / inte ha fler / vill inte ha / ta bort mig / ta bort mitt nummer / stryk mig / radera mitt nummer / lamna mig ifred / lamna mig i fred / fel nummer / fel person / avregistrera mig / avanmal mig / "
          "stop med at / hold op med / lad vaere med at sende / lad vaere med at skrive / skriv ikke / ring ikke / send ikke / kontakt mig ikke / kontakt meg ikke / kontakt ikke / ikke kontakt / ikke skriv / ikke send / ikke ring / ikke flere / ikke sende flere / slutt a sende / slutt a skrive / slutt a ringe / slutt med / onsker ikke / vil ikke ha / vil ikke have / vil ikke modtage / fjern mig / fjern meg / fjern mit nummer / fjern nummeret / slet mit nummer / slett nummeret / slett meg / meld mig fra / meld meg av / lad mig vaere / la meg vaere / forkert nummer / feil nummer / forkert person / afmeld mig",
          "avsluta, tack", "sluta ringa mig", "lad mig være i fred", source="STOPP and STOP of Nordic carriers; our own wording"),
    _rule("fi", "Finnish",
          "lopeta / lopettakaa / peru / peruuta / poista / riittaa / seis / kiellan / poistakaa / lopeta jo / pysayta / peru tilaus / irtisano / ei enaa / lopettakaa jo",
          "ala laheta / alkaa lahettako / ala soita / alkaa soittako / ala ota yhteytta / alkaa ottako yhteytta / lopeta viestit / lopeta viestien / lopettakaa viestit / lopeta soittelu / lopeta tekstaaminen / poista numero / poista minut / poistakaa minut / poistakaa numero / en halua viesteja / en halua enaa / ei enaa viesteja / vaara numero / jata minut rauhaan / jattakaa minut rauhaan / peruuta tilaus / ala viestita / ala tekstaa",
          "lopettakaa", "älkää soittako minulle", "poista minut listalta"),
    _rule("ro", "Romanian",
          "opreste / opriti / dezabonare / dezabonati / dezaboneaza / anuleaza / anulati / sterge / stergeti / gata / destul / incetati / inceteaza / renunt / dezabonati ma / opriti va / opreste te / lasa ma / anulare / opritiva / ajunge",
          "nu mai trimite / nu mi mai / numi mai / nu ma mai / nu mai scrie / nu mai suna / nu mai vreau sa prim / nu mai vreau mesaj / nu mai doresc sa prim / nu mai doresc mesaj / nu mai primesc / nu ma contacta / nu ma sunati / nu ma suna / nu imi mai / nu imi scrie / opriti mesajele / incetati cu / inceteaza cu / dezaboneaza ma / dezabonati ma / stergeti numarul / sterge numarul / stergeti mi / scoateti ma / scoate ma / lasati ma in pace / lasa ma in pace / numar gresit / persoana gresita / fara mesaje / nu doresc sa primesc",
          "dezabonare", "nu mă mai sunați", "scoateți-mă de pe listă"),
    _rule("cs", "Czech and Slovak",
          "prestan / prestante / odhlasit / odhlaste me / odhlas me / zrusit / zruste / smazat / smazte / vymazte / vymazat / konec / stacilo / odhlasit se / nechte me / odhlasujem / odhlasuji se / odhlaste ma / prestante uz / koniec / zrusit odber / nepiste / nevolejte / nepis / nevolej / nepiste mi / nevolajte",
          "nepiste mi / nepis mi / uz mi nepis / uz mi nepiste / nevolejte mi / mi nevolejte / mi nepiste / mi nepis / mi nevolej / nevolej mi / nevolajte mi / nekontaktujte / neposilejte / neposielajte / neotravujte / neobtezujte / nechci dostavat / nechci zadne / nechci dalsi / nechcem dostavat / prestante mi / prestante posilat / prestan mi / prestante psat / prestante volat / prestante posielat / odhlaste me / odhlaste ma / vyradte me / vyradte ma / smazte me / smazte moje / smazte si / vymazte moje / vymazte me / dejte mi pokoj / dajte mi pokoj / nechte me byt / nechte ma / spatne cislo / zle cislo / omyl",
          "odhlaste mě", "už mi nevolejte", "smažte moje číslo"),
    _rule("hu", "Hungarian",
          "allj / leallitas / leiratkozas / leiratkozom / elég / eleg / torles / toroljetek / torolje / lemondas / hagyd abba / hagyjak abba / hagyjatok abba / leiratkozni / vege / hagyj beken / torolj / megallj / lemondom / fejezze be",
          "ne irj / ne irjon / ne irjatok / ne hivj / ne hivjon / ne hivjatok / ne kuldj / ne kuldjon / ne kuldjenek / ne kuldjetek / ne keressen / ne keressenek / ne keressetek / ne zavarj / ne zavarjon / hagyjon beken / hagyj beken / hagyjanak beken / hagyjatok beken / nem kerek tobb / nem kerek / nem szeretnek tobb / toroljek a / torolje a / torolj a / torolje a szamom / toroljon / vegyen le / vegyenek le / rossz szam / teves szam / tobb uzenetet",
          "leiratkozom", "ne hívjon többet", "hagyjanak békén"),
    _rule("el", "Greek",
          "στοπ / σταματα / σταματηστε / διαγραφη / διακοπη / ακυρωση / τελος / αρκετα / απεγγραφη / φτανει / διαγραψτε με / καταργηση / σταματηστε πια / stamata / stamatiste / diagrafi",
          "μη μου στελν / μην μου στελν / μην στελν / μη στελν / μη μου ξαναστειλ / μην ξαναστειλ / μη με παιρν / μην με παιρν / μη με καλ / μην καλ / μην επικοινων / σταματηστε να / σταματα να / δεν θελω αλλα / δεν θελω να λαμβ / δε θελω να λαμβ / διαγραψτε / διαγραψε τον / βγαλτε με / αφηστε με / αφησε με ησυχ / λαθος αριθμ / λαθος ατομο / μην ενοχλ / μη με ενοχλ",
          "σταμάτα", "μη μου στέλνετε μηνύματα", "διαγράψτε τον αριθμό μου"),
    _rule("he", "Hebrew",
          "הסר / הסירו / הסר אותי / הסירו אותי / להסיר / די / תפסיקו / תפסיק / תפסיקי / עצור / ביטול / בטל / בטלו / הפסק / הפסיקו / תעזבו אותי / סטופ / הסרה / מספיק / תורידו אותי / תמחקו אותי / תעזבו",
          "הסירו אותי / הסר אותי / להסיר אותי / תסירו אותי / תורידו אותי / תמחקו אותי / תמחקו את המספר / אל תשלח / אל תתקשר / אל תכתבו / אל תפנו / לא לשלוח / לא להתקשר / תפסיקו לשלוח / תפסיקו להתקשר / תפסיקו להטריד / תפסיק לשלוח / לא מעוניין לקבל / לא מעוניינת לקבל / לא רוצה לקבל / לא רוצה יותר / מספר שגוי / טעות במספר / תעזבו אותי / עזבו אותי / תפסיקו עם / הסירו מרשימ / הסר מרשימ / מהרשימה",
          "הסר", "תפסיקו לשלוח לי הודעות", "תמחקו את המספר שלי", source="הסר, the word that Israeli law asks of advertising texts"),
    _rule("th", "Thai",
          "หยุด / ยกเลิก / เลิก / พอ / พอแล้ว / ไม่เอา / ไม่รับ / หยุดส่ง / เลิกส่ง / ลบ / ยกเลิกรับข้อความ / ไม่รับข่าวสาร / เลิกยุ่ง",
          "อย่าส่ง / อย่าโทร / อย่าทัก / อย่าติดต่อ / หยุดส่ง / หยุดโทร / หยุดติดต่อ / เลิกส่ง / เลิกโทร / เลิกทัก / ไม่ต้องส่ง / ไม่ต้องโทร / ไม่ต้องติดต่อ / ไม่อยากรับ / ไม่ต้องการรับ / ลบเบอร์ / ลบชื่อ / ลบข้อมูล / ยกเลิกการรับ / เบอร์ผิด / โทรผิด / ส่งผิดคน / ผิดเบอร์ / อย่ารบกวน / เลิกยุ่ง / อย่ามายุ่ง / รำคาญ",
          "ยกเลิก", "อย่าส่งข้อความมาอีก", "ลบเบอร์ของฉัน"),
    _rule("fa", "Persian",
          "لغو / توقف / بس است / بسه / قطع / حذف / لغو عضویت / خاموش / کافیست / کافیه / تمام / انصراف / بس کن / بس کنید / لغو11 / لغو۱۱ / استاپ",
          "پیام نده / پیام ندهید / پیام ندین / پیامک نده / پیامک نفرست / پیام نفرست / نفرستید / نفرستین / زنگ نزن / تماس نگیر / شماره من را حذف / شماره‌ام را حذف / شماره منو پاک / شماره من رو حذف / لغو عضویت / نمی‌خواهم پیام / نمیخوام پیام / نمی خواهم پیام / مزاحم نشو / دیگه پیام / دیگر پیام / اشتباه گرفته / شماره اشتباه / دست از سرم",
          "لغو", "دیگه پیام نده", "شماره من را حذف کنید", source="لغو11, the word of Iranian carriers; our own wording"),
    _rule("ur", "Urdu, Punjabi and Bengali",
          "بند کرو / بند کریں / بند کر دو / بس کرو / مت بھیجو / روکو / رکو / ہٹاؤ / بند / বন্ধ / বন্ধ করুন / বন্ধ করো / থামুন / থামো / বাতিল / বাদ দিন / ਬੰਦ ਕਰੋ / ਬੰਦ / ਰੁਕੋ / bondho koro / bondho korun / bondo koro / band karo ji / thamun",
          "میسج مت / میسج نہ / پیغام مت / پیغام نہ / کال مت / فون مت / مجھے مت / رابطہ نہ / رابطہ مت / میرا نمبر ہٹا / میرا نمبر ڈیلیٹ / تنگ مت / تنگ نہ / غلط نمبر / میسج بند / মেসেজ পাঠাবেন না / মেসেজ দিবেন না / মেসেজ করবেন না / পাঠাবেন না / কল করবেন না / ফোন করবেন না / যোগাযোগ করবেন না / বিরক্ত করবেন না / আমার নম্বর মুছ / ভুল নাম্বার / ভুল নম্বর / ਮੈਸੇਜ ਨਾ / ਮੈਸੇਜ ਨਾ ਭੇਜੋ / ਫੋਨ ਨਾ / message pathaben na / msg korben na / message diben na / call korben na / sms pathaben na",
          "বন্ধ করুন", "میسج مت کرو", "আমাকে আর মেসেজ পাঠাবেন না"),
    _rule("so", "Somali, Swahili and Amharic",
          "jooji / iga jooji / jooja / istaag / ka jooji / iska daa / simamisha / komesha / sitisha / futa / ondoa / usitume / አቁም / አቁሙ / ይቁም / በቃ / አትላኩ / acheni / inatosha / waan diiday",
          "ha ii soo dirin / ha isoo dirin / ha i soo dirin / ha ii dirin / ha i soo wicin / ha isoo wicin / ha i soo wacin / fariimaha jooji / iga jooji / iga saar / iga tirtir / lambarka qaldan / number khaldan / acha kunitumia / acheni kunitumia / usinitumie / msinitumie / usitume ujumbe / msitume / usinipigie / msinipigie / acha kunipigia / niondoe / niondoeni / futa namba / futa nambari / ondoa namba / ondoa nambari / nambari si sahihi / sitaki ujumbe / sitaki meseji / አትላኩልኝ / አትደውሉልኝ / አትደውል / መልእክት አትላክ / ስልኬን አጥፉ",
          "jooji", "usinitumie ujumbe tena", "ha ii soo dirin fariin"),
    _rule("bg", "Bulgarian, Serbian, Croatian and Slovenian",
          "спри / спрете / отказ / откажи / отпиши / отпишете / прекрати / достатъчно / престани / престаните / стани / доста / одјава / одјави / откажи се / prestani / prestanite / prekini / prekinite / odjava / odjavi / odjavite / otkazi / otkazite / dosta / stani / obrisi / obrisite / odjavite me / odjavi me / ne pisite / nehajte / odjavi se / prenehajte / dovolj / ukini / ukloni",
          "не ми пишете / не ми пиши / не ми звъните / не ми звъни / не ми изпращайте / не ме търсете / не желая да получавам / не искам да получавам / не искам повече / спрете да / спри да / изтрийте ме / изтрийте номера / изтрий номера / махнете ме / отпишете ме / оставете ме / грешен номер / не пишите ми / не пиши ми / не шаљите / престаните да / остави ме / оставите ме / "
          "ne pisi mi / ne pisite mi / nemoj mi pisati / nemojte mi / nemoj me / nemojte me / ne salji / ne saljite / ne zovi me / ne zovite me / ne zelim primati / ne zelim vise / ne zelim da / ne zelim vec / prestanite s / prestanite mi / prestani mi / prestani slati / prestanite slati / prestanite da / prestani da / obrisite moj / obrisi moj / uklonite me / ukloni me / izbrisite me / izbrisi me / izbrisite moj / odjavite me / pustite me / ostavite me / ostavi me / krivi broj / pogresan broj / napacna stevilka / ne kontaktirajte / ne klicite / nehajte mi / izbrisite mojo",
          "спрете", "не ми пишете повече", "prestanite mi slati poruke"),
    _rule("ca", "Catalan, Galician and Basque",
          "atura / atureu / prou / cancella subscripcio / cancel·la / donar de baixa / baixa / doneu me de baixa / esborra / esborreu / para ja / utzi / gelditu / nahikoa / utzi bakean / deixar / abonda / baixa por favor",
          "no m escriguis / no mescriguis / no m escriviu / no mescriviu / no em truqueu / no em truquis / no m envieu / no menvieu / no m enviis / no vull rebre / no vull mes / doneu me de baixa / dona m de baixa / deixeu me en pau / deixa m en pau / deixeume en pau / traieu me de / treu me de / esborreu el meu / numero equivocat / ez idatzi / ez deitu / utzi bakean / ez bidali",
          "prou", "no em truqueu més", "doneu-me de baixa"),
    _rule("am", "Armenian, Georgian, Khmer, Lao, Burmese, Hmong, Tamil, Telugu, Nepali and others",
          "կանգնեցրեք / դադարեցրեք / վերջ / შეწყვიტეთ / შეჩერდით / გააუქმეთ / საკმარისია / ឈប់ / បញ្ឈប់ / ຢຸດ / ရပ် / ရပ်ပါ / tsum / tsis txhob / நிறுத்து / நிறுத்துங்கள் / ఆపు / ఆపండి / రద్దు / बन्द गर्नुहोस् / നിർത്തുക / നിർത്തൂ / ನಿಲ್ಲಿಸಿ / બંધ કરો / थांबा / थांबवा / बंद करा / nutto / niruthu / aapu / aapandi / banda gara / ndalo / ndaloni / cregistrohu / mjaft / baigti / pabaigti / atsisakyti / stabdyti / beigt / pietiek / atteikties / aitab / da wannan / dakata / kwusi",
          "մի գրեք / մի զանգեք / ინებეთ შეწყვიტ / ნუ მომწერ / ნუ მირეკ / აღარ მომწერ / កុំផ្ញើ / កុំទូរស័ព្ទ / ຢ່າສົ່ງ / မပို့ပါနဲ့ / မဆက်သွယ်ပါ / tsis txhob xa / tsis txhob hu / tsis txhob sau / txhob xa ntawv / அனுப்பாதீர்கள் / அனுப்ப வேண்டாம் / அழைக்க வேண்டாம் / పంపకండి / పంపవద్దు / కాల్ చేయవద్దు / नपठाउनुहोस् / मेसेज नगर / फोन नगर / അയക്കരുത് / ಕಳುಹಿಸಬೇಡಿ / મોકલશો નહીં / મેસેજ ના / पाठवू नका / मेसेज करू नका / mos me shkruaj / mos me shkruani / mos me telefono / mos me dergo / nerasykite / neskambinkite / nesiuskite / nerakstiet / nezvaniet / nesutiet / arge saatke / arge helistage / ara saada / palun lopetage",
          "կանգնեցրեք", "நிறுத்து", "mos më shkruani më"),
)  # fmt: skip

#: What takes a phrase back: `anywhere` is a regular expression over the message.
UNLESS = (
    Unless(
        "d.outside.not-now", "Chinese: not now, not then", ("c.outside.zh",), "D", since=2,
        anywhere="[点點半]之?前|[点點半]之?后|[点點]之?後|上课|上課|上班|开会|開會|明天|今天|睡觉|睡覺|我.{0,8}打给你|我.{0,8}打給你|听歌|听课",
    ),
)  # fmt: skip
