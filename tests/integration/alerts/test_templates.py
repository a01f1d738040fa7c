"""Every template makes a rule that says what the template promised."""

import pytest

from backend.alerts import service as rules
from backend.alerts.kinds.registry import kind_named
from backend.alerts.schemas import RuleUpdate
from backend.alerts.templates import service as templates
from backend.alerts.templates.library import TEMPLATES
from backend.alerts.templates.schemas import TemplateUse
from backend.core.errors import InvalidInputError
from tests.integration.alerts.world import TOKEN

WALLET = "0x" + "12" * 20
# What each template's rule must say, given the values below.
SENTENCES = {
    "price-target": "rises above $4,000",
    "price-dip": "falls below $4,000",
    "price-crash": "falls by at least 10% within 1 hour",
    "price-move": "moves either way by at least 10% within 1 day",
    "price-still-below": "below $0.985",
    "volume-spike": "5",
    "whale-transfers": "worth at least $1,000,000",
    "wallet-moves": "A transfer to or from 0x1212",
    "wallet-pays-in": "worth at least $500,000 to 0x1212",
    "gas-cheap": "below 15 gwei",
    "gas-spike": "100%",
    "tvl-drop": "20%",
    "oracle-apart": "2%",
    "liquidity-pulled": "$100,000",
    "contract-owner": "0x1212",
    "contract-code": "0x1212",
    "new-proposals": "0x1212",
    "morning-note": "0 9 * * 1 in UTC",
    "good-moment": "and",
    "after-that": "Other",
}


def test_there_is_a_template_for_each_sentence():
    assert {template.id for template in TEMPLATES} == SENTENCES.keys()
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES) >= 12
    for template in TEMPLATES:
        named = {parameter.name for parameter in template.parameters}
        assert named == {part.split("}")[0] for part in template.sentence.split("{")[1:]}
        assert kind_named(template.kind).name == template.kind


@pytest.mark.parametrize("template_id", SENTENCES)
async def test_a_template_makes_its_rule(world, make_user, template_id):
    user = await make_user()
    other = await world.rule(user, name="Other")
    known = {
        "chain": world.chain_id, "token": TOKEN, "price": "4000", "wallets": [WALLET], "protocol": "uniswap-v3",
        "contract": WALLET, "governor": WALLET, "rule": str(other.id),
    }  # fmt: skip
    template = next(each for each in templates.list_templates() if each.id == template_id)
    given = {each.name: known[each.name] for each in template.parameters if each.default is None}
    async with world.app.unit_of_work(user.id) as session:
        rule = await templates.use_template(session, user, template_id, TemplateUse(parameters=given))
        assert SENTENCES[template_id] in rule.description, rule.description
        assert (rule.name, rule.type, rule.enabled) == (template.name, template.kind, True)
        # What was made can be sent back as it is answered.
        again = await rules.update_rule(session, user, rule.id, RuleUpdate(conditions=rule.conditions))
        assert again.conditions == rule.conditions
    for option in ("cooldownSeconds", "frequency", "trigger", "hysteresisPct"):
        if option in template.options:
            assert rule.model_dump(mode="json", by_alias=True)[option] == template.options[option]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({}, "token"), ({"token": TOKEN}, "price"), ({"nonsense": 1}, "nonsense"), ({"token": {"a": 1}}, "token")],
)
async def test_blanks_must_be_filled(world, make_user, parameters, field):
    with pytest.raises(InvalidInputError) as caught:
        templates.rule_of_template("price-target", TemplateUse(parameters={"chain": world.chain_id, **parameters}))
    assert f"parameters.{field}" in caught.value.details


def test_an_unknown_template():
    with pytest.raises(templates.TemplateNotFoundError):
        templates.rule_of_template("nothing", TemplateUse())
