//! What WhatsApp writes in the languages of its users: where it stands for something that a person did.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::model::fold;

/// How lines begin that tell of a call, a message that was deleted, a place, a poll, or one that can be seen once.
const DOINGS: &str = "
missed |voice call|video call|silenced |this message was deleted|you deleted this message|location:|live location|poll:\
|view once|you received a view once|waiting for this message|event:
llamada|videollamada|se eliminó este mensaje|este mensaje fue eliminado|eliminaste este mensaje|ubicación|encuesta:\
|evento:|esperando este mensaje|esperando mensaje|se eliminaste este mensaje|recibiste un mensaje de visualización única
chamada|videochamada|ligação|mensagem apagada|esta mensagem foi apagada|você apagou esta mensagem\
|apagaste esta mensagem|localização|enquete:|sondagem:|aguardando mensagem|a aguardar esta mensagem
verpasst|sprachanruf|videoanruf|anruf|diese nachricht wurde gelöscht|du hast diese nachricht gelöscht|standort|umfrage:\
|warten auf diese nachricht
appel|ce message a été supprimé|vous avez supprimé ce message|position|sondage|en attente de ce message
chiamata|videochiamata|questo messaggio è stato eliminato|hai eliminato questo messaggio|posizione|sondaggio:\
|in attesa del messaggio
gemiste|spraakoproep|video-oproep|videogesprek|dit bericht is verwijderd|je hebt dit bericht verwijderd|peiling:
cevapsız|sesli arama|görüntülü arama|bu mesaj silindi|bu mesajı sildiniz|konum:|anket:
שיחה|שיחת|הודעה זו נמחקה|מחקת הודעה זו|ההודעה נמחקה|סקר:|מיקום:
пропущенный|аудиозвонок|видеозвонок|голосовой звонок|это сообщение удалено|данное сообщение удалено\
|вы удалили это сообщение|вы удалили данное сообщение|опрос:|местоположение|геопозиция|ожидание сообщения
пропущений|аудіодзвінок|відеодзвінок|голосовий виклик|відеовиклик|це повідомлення видалено|ви видалили це повідомлення
nieodebrane|połączenie głosowe|połączenie wideo|rozmowa głosowa|rozmowa wideo|ta wiadomość została usunięta\
|ta wiadomość została skasowana|usunięto tę wiadomość|usunięto wiadomość|skasowano tę wiadomość|ankieta:|lokalizacja:
panggilan suara|panggilan video|panggilan tak terjawab|pesan ini telah dihapus|pesan ini dihapus\
|anda telah menghapus pesan ini|anda menghapus pesan ini|mesej ini telah dipadam|anda telah memadam mesej ini|lokasi:
zmeškaný|hlasový hovor|videohovor|tato zpráva byla odstraněna|tato zpráva byla smazána|tuto zprávu jste odstranili\
|táto správa bola odstránená
vastaamaton|äänipuhelu|videopuhelu|tämä viesti on poistettu|tämä viesti poistettiin|poistit tämän viestin|kysely:
missat|röstsamtal|videosamtal|detta meddelande har raderats|detta meddelande raderades|det här meddelandet har raderats\
|du raderade detta meddelande|du raderade det här meddelandet|omröstning:
ubesvaret|taleopkald|videoopkald|denne besked blev slettet|du slettede denne besked|afstemning:
tapt |taleanrop|videoanrop|ubesvart|denne meldingen ble slettet|du slettet denne meldingen|avstemning:
apel vocal|apel video|acest mesaj a fost șters|ai șters acest mesaj|sondaj:
nem fogadott|hanghívás|videohívás|ezt az üzenetet törölték|törölted ezt az üzenetet|törölte ezt az üzenetet|szavazás:
αναπάντητη|φωνητική κλήση|βιντεοκλήση|αυτό το μήνυμα διαγράφηκε|διαγράψατε αυτό το μήνυμα
trucada|videotrucada|s'ha suprimit aquest missatge|has suprimit aquest missatge
مكالمة|تم حذف هذه الرسالة|حذفت هذه الرسالة|لقد حذفت هذه الرسالة|استطلاع|الموقع:
تماس|این پیام حذف شد|شما این پیام را حذف کردید
未接|语音通话|語音通話|视频通话|視訊通話|视像通话|此消息已删除|此消息已被删除|您删除了此消息|你删除了这条消息|你已删除此消息\
|此訊息已刪除|此訊息已被刪除|你刪除了此訊息|您已刪除此訊息|你已刪除此訊息|投票:|投票：|位置:|位置：
不在着信|音声通話|ビデオ通話|このメッセージは削除されました|メッセージは削除されました|このメッセージを削除しました|アンケート
부재중|음성통화|음성 통화|영상통화|영상 통화|삭제된 메시지입니다|이 메시지는 삭제되었습니다|메시지를 삭제했습니다|투표
cuộc gọi|tin nhắn này đã bị xóa|bạn đã xóa tin nhắn này
मिस्ड|यह मैसेज डिलीट|आपने यह मैसेज डिलीट
สายที่ไม่ได้รับ|ข้อความนี้ถูกลบ|คุณได้ลบข้อความนี้
أنت حذفت هذه الرسالة|tuto zprávu jste smazal|наклейку не додано
";

/// How a call begins that we missed: the other called.
const MISSED_CALLS: &str = "missed |llamada perdida|llamada de voz perdida|videollamada perdida|videollamada grupal perdida\
|llamada grupal perdida|chamada de voz perdida|chamada de vídeo perdida|chamada perdida|ligação de voz perdida\
|ligação de vídeo perdida|verpasste|sprachanruf verpasst|videoanruf verpasst|appel manqué|appel vocal manqué|appel vidéo manqué\
|chiamata persa|chiamata vocale persa|videochiamata persa|gemiste|cevapsız|пропущенный|пропущений|nieodebrane\
|panggilan tak terjawab|panggilan suara tak terjawab|panggilan video tak terjawab|panggilan suara tidak terjawab\
|panggilan video tidak terjawab|שיחה קולית שלא נענתה|שיחת קול שלא נענתה|שיחת וידאו שלא נענתה|שיחה שלא נענתה\
|مكالمة فائتة|مكالمة صوتية فائتة|مكالمة فيديو فائتة|تماس از دست رفته|未接|不在着信|부재중|cuộc gọi nhỡ|cuộc gọi thoại nhỡ\
|cuộc gọi video nhỡ|zmeškan|vastaamaton|vastaamatta|missat |ubesvaret|ubesvart|tapt |apel pierdut|apel vocal pierdut\
|apel video pierdut|nem fogadott|αναπάντητη|trucada perduda|मिस्ड|สายที่ไม่ได้รับ";

/// How lines of WhatsApp's own begin that U+200E stands before, unless an editor took it away.
const NOTICES: [&str; 33] = [
    "Messages and calls are end-to-end encrypted.",
    "Messages you send to this chat and calls are ",
    "Messages to this chat and calls are now secured with end-to-end encryption",
    "Your security code with ",
    "Los mensajes y las llamadas están cifrados de extremo a extremo",
    "Tu código de seguridad con ",
    "As mensagens e as chamadas são protegidas com a criptografia",
    "As mensagens e chamadas são encriptadas ponto a ponto",
    "Seu código de segurança com ",
    "Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt",
    "Les messages et les appels sont chiffrés de bout en bout",
    "I messaggi e le chiamate sono crittografati end-to-end",
    "Berichten en gesprekken worden end-to-end versleuteld",
    "Mesajlar ve aramalar uçtan uca şifrelidir",
    "Сообщения и звонки защищены сквозным шифрованием",
    "Повідомлення й дзвінки захищено наскрізним шифруванням",
    "ההודעות והשיחות מוצפנות מקצה-לקצה",
    "الرسائل والمكالمات مشفرة تمامًا بين الطرفين",
    "پیام‌ها و تماس‌ها سرتاسر رمزگذاری",
    "Wiadomości i połączenia są w pełni zaszyfrowane",
    "Pesan dan panggilan terenkripsi secara end-to-end",
    "Mesej dan panggilan disulitkan hujung ke hujung",
    "Zprávy a hovory jsou opatřeny koncovým šifrováním",
    "Viestit ja puhelut salataan täysin",
    "Meddelanden och samtal är ",
    "Mesajele și apelurile sunt criptate integral",
    "Az üzenetek és hívások végpontok közötti titkosítással",
    "Τα μηνύματα και οι κλήσεις κρυπτογραφούνται πλήρως",
    "मैसेजेस और कॉल्स एंड-टू-एंड एन्क्रिप्टेड हैं",
    "Tin nhắn và cuộc gọi được mã hóa đầu cuối",
    "消息和通话都进行端到端加密",
    "訊息和通話經端對端加密",
    "メッセージと通話はエンドツーエンド暗号化されています",
];

/// The last word of a note such as "image omitted".
const OMITTED: &str = "omitted omitido omitida omitidos ocultado ocultada oculto oculta weggelassen ausgelassen \
absente absent absents omis omise omises omesso omessa omessi escluso esclusa weggelaten weggelaat edilmedi atlanmış \
utelämnad utelämnat utelämnats utesluten udeladt utelatt הושמט הושמטה отсутствует пропущено пропущен пропущена \
pominięto pominięty pominięta pominięte disertakan dikecualikan vynechán vynecháno vynechána vynechaný vynechané \
kihagyva mellőzve omisă παραλείφθηκε παραλήφθηκε omesa omès مستبعد مستبعدة مدرجة manquant manquante retiré \
відсутнє відсутня відсутній";

/// What such a note has in it where words are not cut by blanks, or turned about.
const LEFT_OUT: &str = "忽略|省略|略去|含まれていません|생략|누락|تم استبعاد|تم تجاهل|jätetty pois|jätettiin pois\
|bỏ qua|đã bỏ|حذف شد|لم يتم إدراج|تم حذف الملصقات|हटाई गई|हटाई गयी|छोड़ा गया|ไม่มีรูปภาพ|ไม่มีไฟล์|ไม่มีสติกเกอร์\
|วิดีโอถูกลบ|ละเว้น";

/// The end of a line on Android for an attachment that lies beside the text.
const ATTACHED: &str = "(file attached)|(archivo adjunto)|(arquivo anexado)|(ficheiro anexado)|(datei angehängt)\
|(fichier joint)|(file allegato)|(bestand bijgevoegd)|(файл добавлен)|(файл прикріплено)|(dosya ekli)|(dosya eklendi)\
|(file terlampir)|(fail dilampirkan)|(załączono plik)|(plik załączony)|(הקובץ מצורף)|(קובץ מצורף)|(الملف مرفق)\
|(文件附件)|(附件檔案)|(檔案已附加)|(添付ファイル)|(ファイル添付)|(파일 첨부됨)|(파일 첨부)|(bifogad fil)|(fil bifogad)\
|(vedhæftet fil)|(fil vedlagt)|(tiedosto liitetty)|(liitetiedosto)|(soubor připojen)|(přiložen soubor)\
|(fișier atașat)|(fájl csatolva)|(fitxer adjunt)|(फ़ाइल अटैच की गई)";

/// Parts of words that say, in angle brackets at the end of a text, that it was edited.
const EDITED: &str = "edited|se edito|fue editado|editad|editat|bearbeitet|modifie|modificato|bewerkt|duzenlendi\
|измен|отредактир|відредаг|edytowan|zmieniono|diedit|disunting|נערכ|تم تعديل|编辑|編輯|編集|수정|편집|upraven|muokat\
|redigera|redigeret|redigert|szerkeszt|επεξεργ|chỉnh sửa|संपादित";

/// The parts of a list as texts are compared.
fn folded(list: &str, between: &[char]) -> Vec<String> {
    let parts = list.split(|c| between.contains(&c)).map(fold);
    parts.filter(|part| !part.trim().is_empty()).collect()
}

/// Whether `words`, of which U+200E stood before the beginning, tells of something that a person did.
pub(super) fn is_a_doing(words: &str) -> bool {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| folded(DOINGS, &['|', '\n']));
    ALL.iter().any(|begin| words.starts_with(begin.as_str()))
}

/// Whether `words`, before which no sender stands, tell of a call that we missed.
pub(super) fn is_missed_call(words: &str) -> bool {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| folded(MISSED_CALLS, &['|']));
    let words = fold(words.trim_start_matches('\u{200e}'));
    words.chars().count() <= 60 && ALL.iter().any(|begin| words.starts_with(begin.as_str()))
}

/// Whether `text` is one of the lines of WhatsApp's own that every chat has.
pub(super) fn is_notice(text: &str) -> bool {
    text.len() > 40 && NOTICES.iter().any(|begin| text.starts_with(begin))
}

/// Whether `word`, the last of a note, says that an attachment was left out.
pub(super) fn ends_a_note(word: &str) -> bool {
    static ALL: LazyLock<HashSet<String>> =
        LazyLock::new(|| folded(OMITTED, &[' ']).into_iter().collect());
    ALL.contains(word)
}

/// Whether `words` say so in a language whose notes have no last word of their own.
pub(super) fn says_left_out(words: &str) -> bool {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| folded(LEFT_OUT, &['|']));
    ALL.iter().any(|part| words.contains(part.as_str()))
}

/// Whether `line` ends with the words for an attachment that lies beside it.
pub(super) fn names_an_attachment(line: &str) -> bool {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| folded(ATTACHED, &['|']));
    line.ends_with(')') && ALL.iter().any(|end| line.ends_with(end.as_str()))
}

/// Whether `note` says that a text was edited.
pub(super) fn is_edit_note(note: &str) -> bool {
    static ALL: LazyLock<Vec<String>> = LazyLock::new(|| folded(EDITED, &['|']));
    note.chars().count() <= 60 && ALL.iter().any(|part| note.contains(part.as_str()))
}
