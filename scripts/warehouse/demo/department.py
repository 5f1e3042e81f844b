"""What the demo shop's other departments write down: mail, service desk, warehouse, …

A department is told of every month's orders and visits, in order, and writes the
exports of its own systems. It draws its numbers from `chance` under purposes of its
own: so a new department changes nothing of what the others write.
"""

from datetime import date

from warehouse.demo.chance import Chance
from warehouse.demo.orders import OrderBook
from warehouse.demo.table import Table
from warehouse.demo.truth import Truth
from warehouse.demo.visits import VisitBook
from warehouse.demo.write import Writer


class Department:
    """The base: it listens and writes nothing.

    Args:
        writer: Where the files go.
        chance: Random numbers by purpose.
        book: Orders, people (`book.people`), shops (`book.shops[index]`: prices, costs,
            clock) and the assortment (`book.variants`).
        visits: Where visits come from.
        truth: Is told of what a department sells by itself.
        first, last: Shop-local dates of the first and the last order. Nothing that
            happens after the last day is in an export: see `book.end(index)`.
    """

    def __init__(
        self,
        writer: Writer,
        chance: Chance,
        book: OrderBook,
        visits: VisitBook,
        truth: Truth,
        first: date,
        last: date,
    ):
        self.writer, self.chance, self.book = writer, chance, book
        self.visit_book, self.truth = visits, truth
        self.first, self.last = first, last

    def orders(
        self, index: int, month: dict[str, Table], first: date, last: date
    ) -> None:
        """A shop's month: tables `orders`, `lines`, `payments` and `refunds`.

        Months come in order, and each comes here before its visits do.
        """

    def visits(self, index: int, visits: Table, first: date, last: date) -> None:
        """A shop's visits of a month, those that no export holds included."""

    def finish(self) -> None:
        """After the last month: what is written in one go."""
