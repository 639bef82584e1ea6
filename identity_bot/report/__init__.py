"""The monthly report: its figures, its page and its pictures, all made of plain values."""
