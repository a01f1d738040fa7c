"""`/docs`: Swagger UI from the installed package, so that it opens without any foreign server."""

from importlib.resources import as_file, files

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

from backend.api.auth import public
from backend.api.content_policy import page_policy, script_hashes
from backend.api.resources import resources
from backend.core.errors import NotFoundError

docs_router = APIRouter(include_in_schema=False)
_TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


@docs_router.get("/docs")
@public("the description of the API")
async def docs_page(request: Request) -> HTMLResponse:
    """Return the page that shows `/openapi.json`."""
    page = get_swagger_ui_html(
        openapi_url=request.app.openapi_url,
        title="Premium API",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon-32x32.png",
        swagger_ui_parameters={
            "persistAuthorization": True,
            "displayRequestDuration": True,
            "docExpansion": "none",  # open, so many operations are drawn in part only
            "filter": True,
        },
    )
    policy = page_policy(resources().settings, script_hashes(bytes(page.body).decode()))
    page.headers["Content-Security-Policy"] = policy
    return page


@docs_router.get("/docs/{name}")
@public("the files of that page")
async def docs_file(name: str) -> FileResponse:
    """Return one file of Swagger UI."""
    if name not in _TYPES:
        raise NotFoundError("There is nothing at this address.")
    with as_file(files("fastapi_swagger.resources") / name) as path:
        return FileResponse(path, media_type=_TYPES[name], headers={"Cache-Control": "public, max-age=86400"})
