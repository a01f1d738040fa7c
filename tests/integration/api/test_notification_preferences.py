"""Which mails one gets, and the webhook secret, over the API."""

from sqlalchemy import text

from tests.integration.api.conftest import Api

PREFERENCES = "/v1/notifications/preferences"


async def test_mails_are_switched_off_and_on_each_for_oneself(api: Api) -> None:
    user, other = await api.new_user("free"), await api.new_user("free")
    me, them = api.client_of(user), api.client_of(other)
    both = {"receipts": True, "trial_ending": True}
    read = (await me.get(PREFERENCES)).data
    assert (read["email"], read["emailConfirmed"], read["mails"]) == (user.email, True, both)
    changed = await me.send("PUT", PREFERENCES, json={"mails": {"receipts": False}})
    assert changed.data["mails"] == both | {"receipts": False}
    await me.send("PUT", PREFERENCES, json={"mails": {"receipts": False}})
    assert (await me.get(PREFERENCES)).data["mails"] == both | {"receipts": False}
    assert (await them.get(PREFERENCES)).data["mails"] == both
    async with api.admin.unit_of_work() as session:
        logged = await session.execute(
            text("select details from audit_log where user_id = :id and action = 'mail_choices.changed'"),
            {"id": user.id},
        )
        assert list(logged.scalars()) == [{"receipts": False}], "what changed nothing is not logged"
    assert (await me.send("PUT", PREFERENCES, json={"mails": {"receipts": True}})).data["mails"] == both


async def test_mails_about_security_have_no_switch(api: Api) -> None:
    me = api.client_of(await api.new_user("free"))
    for body in ({"mails": {"password_changed": False}}, {"mails": {"receipts": "sometimes"}}, {"mail": {}}, []):
        assert (await me.send("PUT", PREFERENCES, json=body)).status == 422
    refused = await me.send("PUT", PREFERENCES, json={"mails": {"password_changed": False, "receipts": False}})
    assert refused.error["details"] == {"password_changed": "There is no such switch."}
    assert (await me.get(PREFERENCES)).data["mails"]["receipts"] is True, "all or nothing"


async def test_somebody_must_be_signed_in(api: Api) -> None:
    assert (await api.anonymous.get(PREFERENCES)).status == 401
    assert (await api.anonymous.send("PUT", PREFERENCES, json={"mails": {}})).status == 401
    assert (await api.anonymous.post("/v1/alerts/webhook-secret/rotate", json={})).status == 401


async def test_the_webhook_secret_is_changed(api: Api) -> None:
    me, them = [api.client_of(await api.new_user()) for _ in range(2)]
    where = "/v1/alerts/webhook-secret"
    first, theirs = (await me.get(where)).data, (await them.get(where)).data
    assert first["oldValidUntil"] is None
    made = (await me.post(f"{where}/rotate", json={"graceHours": 24})).data
    assert made["secret"].startswith("whsec_")
    assert made["secret"] != first["secret"]
    assert made["oldValidUntil"] is not None
    assert (await me.get(where)).data == made
    assert (await them.get(where)).data == theirs
    assert (await me.post(f"{where}/rotate", json={"graceHours": 0})).data["oldValidUntil"] is None
    for body in ({"graceHours": 2}, {"graceHours": -1}, {"hours": 1}):
        assert (await me.post(f"{where}/rotate", json=body)).status == 422
