"""What everyone who reported something is told in the end: ``service.answer_of`` and ``answers_of``."""
