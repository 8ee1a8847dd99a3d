"""Reports about mails as real servers and readers write them."""

from email.utils import format_datetime

from app import clock

BOUNDARY = "9B095B5ADSN=_01D5A"


BOUNCE = """Return-Path: <>
Date: {date}
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: facturas@tosma.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{boundary}"
Message-Id: {own_id}

This is a MIME-encapsulated message.

--{boundary}
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

--{boundary}
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 4F2A

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Diagnostic-Code: {says}
{more}
--{boundary}
Content-Description: Undelivered Message
Content-Type: {returned}

Received: by mx.example (Postfix)
Message-ID: {message_id}
Subject: Factura
Content-Type: multipart/alternative; boundary="otro"

--otro
Message-ID: <in-the-body@nobody.example>
--otro--

--{boundary}--
"""

RECEIPT = """From: Compras <{recipient}>
To: facturas@tosma.example
Date: {date}
Subject: Acuse de recibo (mostrado) - Factura
Message-ID: {own_id}
References: {message_id}
MIME-Version: 1.0
Content-Type: multipart/report; report-type="Disposition-Notification"; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=UTF-8; format=flowed

Este es un acuse de recibo del mensaje que envió.

--{boundary}
Content-Type: message/disposition-notification; name="MDNPart2.txt"
Content-Transfer-Encoding: 7bit

Reporting-UA: merino.example; Thunderbird
Final-Recipient: rfc822;{recipient}
Original-Message-ID: {message_id}
Disposition: {disposition}

--{boundary}--
"""


def bounce(
    message_id: str,
    recipient: str = "compras@merino.example",
    *,
    action: str = "failed",
    status: str = "5.1.1",
    says: str = "smtp; 550 5.1.1 <compras@merino.example>: Recipient address rejected: User unknown",
    own_id: str = "<dsn-1@mx.example>",
    returned: str = "message/rfc822",
    more: str = "",
) -> bytes:
    """A delivery status notification like those of Postfix; ``more`` are further recipients' blocks."""
    facts = {"recipient": recipient, "action": action, "status": status, "says": says, "own_id": own_id, "more": more}
    return _filled(BOUNCE, **facts, message_id=message_id, returned=returned)


def receipt(
    message_id: str,
    recipient: str = "compras@merino.example",
    *,
    disposition: str = "manual-action/MDN-sent-manually; displayed",
    own_id: str = "<mdn-1@merino.example>",
) -> bytes:
    """A message disposition notification like those of Thunderbird."""
    facts = {"recipient": recipient, "disposition": disposition, "own_id": own_id}
    return _filled(RECEIPT, **facts, message_id=message_id)


def _filled(text: str, **facts: str) -> bytes:
    filled = text.format(boundary=BOUNDARY, date=format_datetime(clock.now()), **facts)
    return filled.replace("\n", "\r\n").encode()
