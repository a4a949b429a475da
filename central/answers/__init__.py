"""What everyone who reported something is told in the end: ``service.answer_of``, ``answers_of``, ``words_of``."""
