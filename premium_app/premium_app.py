"""Assembles the product: the Reflex pages and the FastAPI application around them."""

import reflex as rx


class DemoState(rx.State):
    n: int = 0

    @rx.event
    async def inc(self):
        self.n += 1


def index() -> rx.Component:
    return rx.el.main(rx.el.h1("Premium", class_name="text-28 text-accent"), rx.el.button(DemoState.n, on_click=DemoState.inc), rx.icon("bell", size=16, stroke_width=1.5))


app = rx.App(html_lang="en", stylesheets=["/tokens.css"])
app.add_page(index, route="/")
