"""What stands below every mail: whose it is, why it came, in which zone its times are, and how to get no more."""

from dataclasses import dataclass
from urllib.parse import urljoin

from babel import Locale
from babel.dates import get_timezone_name

from activities.channels.base import Message
from punctual.people import language_among
from punctual.preferences import DIGESTS
from store.links import UnsubscribeLink
from store.vault import Vault

_DIGEST_TYPES = "digest."
WORDS = {
    "en": {
        "from": "Sent by Punctual for {tenant}",
        "chosen": "You get this mail because it concerns you and your preferences allow it.",
        "digest": "You chose to get summaries.",
        "mandatory": "You get this mail because it concerns you; it cannot be turned off.",
        "zone": "Times are in {zone}.",
        "preferences": "Notification preferences",
        "digest_preferences": "Change when they come, or stop them",
        "unsubscribe": "Unsubscribe from mails like this",
    },
    "hi": {
        "from": "{tenant} की ओर से Punctual ने भेजा",
        "chosen": "यह मेल आपको इसलिए मिली है कि यह आपसे संबंधित है और आपकी प्राथमिकताएँ इसकी अनुमति देती हैं।",
        "digest": "आपने सारांश पाना चुना है।",
        "mandatory": "यह मेल आपको इसलिए मिली है कि यह आपसे संबंधित है; इसे बंद नहीं किया जा सकता।",
        "zone": "समय {zone} के अनुसार हैं।",
        "preferences": "सूचनाओं की प्राथमिकताएँ",
        "digest_preferences": "उनका समय बदलें या उन्हें बंद करें",
        "unsubscribe": "ऐसी मेल पाना बंद करें",
    },
}


@dataclass(frozen=True)
class Footer:
    """`sentences` above, `links` (text, URL) below them; all in `language`, which the mail itself may not be in."""

    language: str
    sentences: list[str]
    links: list[tuple[str, str]]
    unsubscribe: str | None
    """The URL that RFC 8058 posts to; None for what nobody can unsubscribe from."""


def footer(message: Message, home: str, vault: Vault) -> Footer:
    """The footer of one mail; its links start at `home` and are sealed by `vault`."""
    language = language_among(WORDS, message.user.locale)
    words = WORDS[language]
    is_digest = message.notification.type.startswith(_DIGEST_TYPES)
    unsubscribe = None if message.is_mandatory else _unsubscribe(message, home, vault)
    why = "mandatory" if message.is_mandatory else "digest" if is_digest else "chosen"
    links = [(words["digest_preferences" if is_digest else "preferences"], urljoin(home, "preferences"))]
    if unsubscribe:
        links.append((words["unsubscribe"], unsubscribe))
    zone = zone_name(message.user.timezone, Locale.parse(language))
    sentences = [words[why], words["zone"].format(zone=zone), words["from"].format(tenant=message.tenant)]
    return Footer(language, sentences, links, unsubscribe)


def zone_name(timezone: str, locale: Locale) -> str:
    """`Central European Time (Europe/Berlin)`, as people of a locale call it; `UTC` has no other name."""
    try:
        name = get_timezone_name(timezone, locale=locale)
    except LookupError:
        return timezone
    nowhere = locale.territories["ZZ"]
    return timezone if nowhere in name else f"{name} ({timezone})"


def _unsubscribe(message: Message, home: str, vault: Vault) -> str:
    """What it stops is the category; a mail that stands for many others, only mails of its own type."""
    note = message.notification
    scope = note.type if note.category == DIGESTS else note.category
    return urljoin(home, f"u/{UnsubscribeLink(message.tenant, message.user.id, scope).token(vault)}")
