"""How large notes are, and how far apart."""

NOTE_SIZE = 7.5
NOTE_LINE = 10.0
