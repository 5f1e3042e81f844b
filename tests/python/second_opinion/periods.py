"""Which day it is, as the data tell (DECISIONS "Time")."""

import datetime as dt

from second_opinion.landing import Landing, once


@once
def as_of(shop: Landing) -> dt.date:
    """The newest shop-local day of orders, visits, ad reports and e-mails."""
    from second_opinion.conversion import sessions
    from second_opinion.email import sendings
    from second_opinion.marketing import ad_days
    from second_opinion.orders import orders

    frames = (orders, sessions, ad_days, sendings)
    newest = [frame(shop)["date"].max() for frame in frames]
    return max(day for day in newest if day is not None)
