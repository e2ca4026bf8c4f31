"""The AsyncAPI document of the service: the events that it receives, and the questions that it answers over the bus.

`python -m services.receipts.document` writes it; `/asyncapi.json` of a projector shows it. FastStream makes one of its
own out of handlers that it decodes for, which none here is: what comes from anybody is read by msgspec, and strictly.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from events.schemas import asyncapi
from services.publishing.receipt import SUBJECT, Answer, Request

FILE: Final = "asyncapi.json"
_REFERENCE: Final = "#/components/schemas/{name}"


def service_document() -> dict[str, Any]:
    """Make the document, AsyncAPI 3.0; the payloads of events are in the files of `docs/schemas`."""
    document = asyncapi()
    (question, answer), schemas = msgspec.json.schema_components((Request, Answer), ref_template=_REFERENCE)
    for message in document["components"]["messages"].values():
        message["payload"] = {"$ref": f"./schemas/{message['payload']['$ref'].removeprefix('./')}"}
    document["info"] = {
        "title": "tonghop over the bus",
        "version": "1.0.0",
        "description": f"{document['info']['description']} What became of events is asked on {SUBJECT}.{{unit}}.",
    }
    document["channels"] |= {
        "questions": {
            "address": f"{SUBJECT}.{{unit}}",
            "parameters": {"unit": {"description": "the id of the unit that asks"}},
            "messages": {"question": {"$ref": "#/components/messages/question"}},
        },
        "answers": {"address": None, "messages": {"answer": {"$ref": "#/components/messages/answer"}}},
    }
    document["operations"]["answerQuestions"] = {
        "action": "receive",
        "channel": {"$ref": "#/channels/questions"},
        "reply": {
            "address": {"location": "$message.header#/reply", "description": "the inbox of NATS's request and reply"},
            "channel": {"$ref": "#/channels/answers"},
        },
    }
    for name, payload, kind in (("question", question, Request), ("answer", answer, Answer)):
        summary = (kind.__doc__ or "").partition("\n")[0]
        document["components"]["messages"][name] = {
            "name": name,
            "summary": summary,
            "contentType": "application/json",
            "payload": payload,
        }
    document["components"]["schemas"] = schemas
    return document


def text() -> str:
    """Write the document as it stands in the file."""
    return json.dumps(service_document(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1] if len(sys.argv) > 1 else "docs") / FILE).write_text(text(), encoding="utf-8")
