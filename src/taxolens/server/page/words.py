"""The fixed texts of the page."""

from __future__ import annotations

from collections.abc import Mapping

from taxolens.core.texts import Say


def page_words(say: Say) -> Mapping[str, str]:
    """Texts that templates use, by a short name each."""
    return {**_frame(say), **_asking(say), **_answering(say), **_telling(say)}


def reference_words(say: Say) -> Mapping[str, str]:
    """Texts of the page that describes the doors."""
    return {
        **_frame(say),
        "reference_title": say("Everything that programs can ask"),
        "reference_lead": say("Each address of this server, what it takes and what it answers."),
        "reference_machine": say("The same for programs, as OpenAPI:"),
        "parameters": say("Parameters"),
        "required": say("must be given"),
        "takes": say("Takes"),
        "fields": say("Answers with"),
        "example": say("For example"),
        "statuses": say("Statuses"),
    }


def script_words(say: Say) -> Mapping[str, str]:
    """Texts that only the script needs."""
    return {
        "waiting": say("waiting"),
        "asking": say("asking"),
        "progress": say("{done} of {total} photos answered"),
        "busy": say("The server is busy. Trying again in {seconds} s."),
        "gone": say(
            "The server cannot be reached. Is it still running? Your photos are still here: try again."
        ),
        "again": say("Try again"),
        "broken": say("The server could not answer this photo. Try again, or try another photo."),
        "too_large": say(
            "This photo has {size} MB, more than the {most} MB that the server takes. Make it smaller."
        ),
        "made_smaller": say(
            "This photo has {size} MB, more than the {most} MB that the server takes. It was sent smaller, "
            "{width} × {height} pixels."
        ),
        "no_preview": say("Your browser cannot show this format."),
        "copied": say("Copied"),
        "copy": say("Copy"),
        "updated": say(
            "The model was updated to version {version} while this page was open. Load the page again."
        ),
        "remove": say("Remove {name}"),
        "pasted": say("pasted photo"),
        "no_answer": say("No answer"),
        "photo": say("Your photo {name}"),
    }


def _frame(say: Say) -> Mapping[str, str]:
    return {
        "title": say("What is in your photo?"),
        "lead": say("Drop a photo here, and the model says what it sees and how sure it is."),
        "language": say("Language"),
        "to_content": say("Skip to the content"),
        "made_with": say("Made with Taxolens {version}"),
        "nothing_kept": say(
            "Photos are sent to this server, answered and forgotten. Nothing is kept, and nothing goes elsewhere."
        ),
        "no_model": say("No model answers now. Try again in a moment."),
    }


def _asking(say: Say) -> Mapping[str, str]:
    return {
        "ask_title": say("Your photo"),
        "drop": say("Drop photos here, or paste one"),
        "take": say("Take a photo, or choose some"),
        "start_over": say("Start over"),
        "choose": say("Choose photos"),
        "camera": say("Take a photo"),
        "formats": say("JPEG, PNG, WebP, TIFF and more; up to {most} MB each"),
        "model": say("Model"),
        "key": say("Key"),
        "key_hint": say("This server asks for a key. It is kept until you close this tab."),
        "threshold": say("Show boxes from"),
        "threshold_hint": say("Lower shows more boxes, and more of them are wrong."),
        "submit": say("Ask the model"),
        "examples": say("No photo at hand? Try one of these"),
        "try_example": say("Try {name}"),
        "not_ready": say("not ready"),
    }


def _answering(say: Say) -> Mapping[str, str]:
    return {
        "answer_title": say("Answer"),
        "photos": say("Photos"),
        "shares": say("How probable each class is"),
        "boxes": say("Found in the photo"),
        "perhaps": say("Not sure, perhaps {name}"),
        "photo_alt": say("Your photo {name}"),
        "photo_marked": say("Your photo {name} with numbered frames"),
    }


def _telling(say: Say) -> Mapping[str, str]:
    return {
        "about": say("About this model"),
        "knows": say("It knows these {n} classes"),
        "knows_one": say("It knows one class"),
        "more": say("and {n} more"),
        "measured": say("How good it is"),
        "measured_prose": say(
            "Measured on photos that it had not learnt from. The interval says within what chance may have moved it."
        ),
        "not_measured": say(
            "Its card holds no measurement. Check a few dozen of your own photos before you rely on it."
        ),
        "notes": say("Before you rely on it"),
        "note_known": say(
            "A model knows its classes and nothing else. A photo of anything else gets one of these names, or “not sure”."
        ),
        "note_elsewhere": say(
            "Figures hold for photos like those it was tested on. Other places, cameras and seasons are harder."
        ),
        "note_percent": say(
            "A percentage is the model's own estimate. Where much depends on it, let a person look."
        ),
        "programs": say("From your own program"),
        "programs_prose": say(
            "The same answers as JSON. Put the name of your photo in the place of photo.jpg."
        ),
        "copy_it": say("Copy"),
        "reference": say("Everything that programs can ask"),
        "key_place": say("The key belongs in the place of YOUR KEY or in the variable TAXOLENS_KEY."),
    }
