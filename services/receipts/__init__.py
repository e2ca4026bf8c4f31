"""Receipts: publishers ask over the bus what became of their events, and are answered from the ledger."""

from services.receipts.answering import Receipts

__all__ = ["Receipts"]
