"""Every parameter the test payments take is one that the official SDK has for that method (of the version we speak)."""

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.test_payments.gateway import ENDPOINTS
from backend.test_payments.wire.schema import Shape

PARAMS = {
    "POST /v1/customers": "_customer_create_params.CustomerCreateParams",
    "GET /v1/customers": "_customer_list_params.CustomerListParams",
    "GET /v1/customers/{id}": "_customer_retrieve_params.CustomerRetrieveParams",
    "POST /v1/customers/{id}": "_customer_update_params.CustomerUpdateParams",
    "DELETE /v1/customers/{id}": None,
    "GET /v1/customers/{id}/payment_methods": "_customer_payment_method_list_params.CustomerPaymentMethodListParams",
    "GET /v1/payment_methods/{id}": "_payment_method_retrieve_params.PaymentMethodRetrieveParams",
    "POST /v1/test_helpers/test_clocks": "test_helpers._test_clock_create_params.TestClockCreateParams",
    "GET /v1/test_helpers/test_clocks": "test_helpers._test_clock_list_params.TestClockListParams",
    "GET /v1/test_helpers/test_clocks/{id}": "test_helpers._test_clock_retrieve_params.TestClockRetrieveParams",
    "POST /v1/test_helpers/test_clocks/{id}/advance": "test_helpers._test_clock_advance_params.TestClockAdvanceParams",
    "DELETE /v1/test_helpers/test_clocks/{id}": None,
    "POST /v1/products": "_product_create_params.ProductCreateParams",
    "GET /v1/products": "_product_list_params.ProductListParams",
    "GET /v1/products/{id}": "_product_retrieve_params.ProductRetrieveParams",
    "POST /v1/products/{id}": "_product_update_params.ProductUpdateParams",
    "POST /v1/prices": "_price_create_params.PriceCreateParams",
    "GET /v1/prices": "_price_list_params.PriceListParams",
    "GET /v1/prices/{id}": "_price_retrieve_params.PriceRetrieveParams",
    "POST /v1/prices/{id}": "_price_update_params.PriceUpdateParams",
    "POST /v1/subscriptions": "_subscription_create_params.SubscriptionCreateParams",
    "GET /v1/subscriptions": "_subscription_list_params.SubscriptionListParams",
    "GET /v1/subscriptions/{id}": "_subscription_retrieve_params.SubscriptionRetrieveParams",
    "POST /v1/subscriptions/{id}": "_subscription_update_params.SubscriptionUpdateParams",
    "DELETE /v1/subscriptions/{id}": "_subscription_cancel_params.SubscriptionCancelParams",
    "POST /v1/invoices/create_preview": "_invoice_create_preview_params.InvoiceCreatePreviewParams",
    "GET /v1/invoices": "_invoice_list_params.InvoiceListParams",
    "GET /v1/invoices/{id}": "_invoice_retrieve_params.InvoiceRetrieveParams",
    "GET /v1/invoices/{id}/lines": "_invoice_line_item_list_params.InvoiceLineItemListParams",
    "POST /v1/invoices/{id}/pay": "_invoice_pay_params.InvoicePayParams",
    "POST /v1/invoices/{id}/finalize": "_invoice_finalize_invoice_params.InvoiceFinalizeInvoiceParams",
    "GET /v1/invoiceitems": "_invoice_item_list_params.InvoiceItemListParams",
    "POST /v1/checkout/sessions": "checkout._session_create_params.SessionCreateParams",
    "GET /v1/checkout/sessions": "checkout._session_list_params.SessionListParams",
    "GET /v1/checkout/sessions/{id}": "checkout._session_retrieve_params.SessionRetrieveParams",
    "POST /v1/checkout/sessions/{id}/expire": "checkout._session_expire_params.SessionExpireParams",
    "GET /v1/checkout/sessions/{id}/line_items": "checkout._session_line_item_list_params.SessionLineItemListParams",
    "POST /v1/billing_portal/sessions": "billing_portal._session_create_params.SessionCreateParams",
    "POST /v1/billing_portal/configurations": "billing_portal._configuration_create_params.ConfigurationCreateParams",
    "GET /v1/billing_portal/configurations": "billing_portal._configuration_list_params.ConfigurationListParams",
    "GET /v1/billing_portal/configurations/{id}": (
        "billing_portal._configuration_retrieve_params.ConfigurationRetrieveParams"
    ),
    "POST /v1/billing_portal/configurations/{id}": (
        "billing_portal._configuration_update_params.ConfigurationUpdateParams"
    ),
    "GET /v1/events": "_event_list_params.EventListParams",
    "GET /v1/events/{id}": "_event_retrieve_params.EventRetrieveParams",
    "POST /v1/webhook_endpoints": "_webhook_endpoint_create_params.WebhookEndpointCreateParams",
    "GET /v1/webhook_endpoints": "_webhook_endpoint_list_params.WebhookEndpointListParams",
    "GET /v1/webhook_endpoints/{id}": "_webhook_endpoint_retrieve_params.WebhookEndpointRetrieveParams",
    "POST /v1/webhook_endpoints/{id}": "_webhook_endpoint_update_params.WebhookEndpointUpdateParams",
    "DELETE /v1/webhook_endpoints/{id}": None,
}


def shapes_in(reader: Callable[..., Any]) -> Iterator[Shape]:
    """The hashes a reader reads, at once or in an array or an alternative."""
    for cell in getattr(reader, "__closure__", None) or ():
        inside = cell.cell_contents
        if isinstance(inside, Shape):
            yield inside
        elif callable(inside):
            yield from shapes_in(inside)


def unknown(shape: Shape, module: Any, name: str, path: str = "") -> list[str]:
    """Parameters of a shape that the SDK's class `name` lacks, nested ones included."""
    hints = {
        key: str(hint)
        for base in getattr(module, name).__mro__
        for key, hint in getattr(base, "__annotations__", {}).items()
    }
    found = []
    for field, reader in shape.fields.items():
        where = f"{path}[{field}]" if path else field
        if field not in hints:
            found.append(f"{where} (not in {name})")
            continue
        classes = [each for each in re.findall(r"\w*Params\w+", hints[field]) if hasattr(module, each)]
        for inner in shapes_in(reader):
            tried = [unknown(inner, module, each, where) for each in classes]
            found += min(tried, key=len) if tried else []
    return found


def test_every_endpoint_is_compared():
    assert {f"{each.method} {each.path}" for each in ENDPOINTS} == PARAMS.keys()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")
def test_parameters_are_stripes(endpoint: Any):
    named = PARAMS[f"{endpoint.method} {endpoint.path}"]
    if named is None:
        assert set(endpoint.shape.fields) == {"expand"}
        return
    module_name, name = named.rsplit(".", 1)
    module = importlib.import_module(f"stripe.params.{module_name}")
    annotated = vars(getattr(module, name))["__annotations__"]
    assert annotated, "the SDK changed its form"
    assert unknown(endpoint.shape, module, name) == []
