//! All routes, in one screenful.

use super::{content, documents, events, health, jobs, page, problem::ApiError, runs, stats, topics, upload};
use crate::error::{Error, ErrorCode};
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpRequest, HttpResponse, Responder, get, web};
use utoipa::OpenApi;
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::SwaggerUi;

/// Where the interface begins.
const BASE: &str = "/api/v1";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "DocuVault",
        description = "A self-hosted document vault. Errors are RFC 9457 problems with a `code` of one closed table; \
                       lists are paged by cursor; times are RFC 3339."
    ),
    components(schemas(super::problem::Problem)),
    tags(
        (name = "documents", description = "Put in, found, changed, removed"),
        (name = "topics", description = "The user's own words for what belongs together"),
        (name = "jobs", description = "The work on documents"),
        (name = "runs", description = "Many documents sorted anew, and that taken back"),
        (name = "watch", description = "What there is, and what happens"),
        (name = "operation", description = "For those who keep the vault running")
    )
)]
struct Description;

/// The application with every route of the interface, and its description, made from the same list.
pub fn app() -> (
    App<
        impl ServiceFactory<
            ServiceRequest,
            Response = ServiceResponse,
            Config = (),
            Error = actix_web::Error,
            InitError = (),
        >,
    >,
    utoipa::openapi::OpenApi,
) {
    let mut description = Description::openapi();
    description.merge(events::EventData::openapi());
    description.info.description.get_or_insert_default().push_str(&table_of_codes());
    let (app, mut openapi) = App::new()
        .into_utoipa_app()
        .openapi(description)
        .service(
            scope::scope(BASE)
                .service(upload::create)
                .service(documents::list)
                .service(documents::get)
                .service(documents::patch)
                .service(documents::delete)
                .service(documents::restore)
                .service(documents::history)
                .service(documents::explanation)
                .service(content::content)
                .service(content::thumbnail)
                .service(documents::text)
                .service(documents::put_topics)
                .service(documents::undo_topics)
                .service(documents::reprocess)
                .service(documents::unlock)
                .service(topics::list)
                .service(topics::create)
                .service(topics::suggestions)
                .service(topics::patch)
                .service(topics::delete)
                .service(topics::merge)
                .service(jobs::list)
                .service(jobs::retry)
                .service(runs::start)
                .service(runs::list)
                .service(runs::get)
                .service(runs::cancel)
                .service(runs::undo)
                .service(events::watch)
                .service(stats::get)
                .service(stats::about)
                .service(openapi_json)
                // The page lies under /docs/, and finds its files beside it.
                .route("/docs", web::get().to(to_docs))
                .map(|scope| scope.service(docs())),
        )
        .service(health::ready)
        .service(health::live)
        .service(health::metrics)
        .split_for_parts();
    // One handler answers GET and HEAD, but an operation's id is its own.
    for head in openapi.paths.paths.values_mut().filter_map(|item| item.head.as_mut()) {
        head.operation_id = head.operation_id.take().map(|id| id.replacen("get_", "head_", 1));
    }
    (app, openapi)
}

/// The closed table of codes, for the description.
fn table_of_codes() -> String {
    let rows = ErrorCode::ALL.iter().map(|code| format!("| `{code}` | {} | {} |\n", code.status(), code.title()));
    format!("\n\n| code | status | title |\n|---|---|---|\n{}", rows.collect::<String>())
}

/// The interface's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    app().1
}

/// What is not described: the description itself, and the web page.
pub fn outside_the_interface(services: &mut web::ServiceConfig, openapi: utoipa::openapi::OpenApi) {
    services.app_data(web::Data::new(Spec(openapi.to_pretty_json().unwrap_or_default()))).configure(page::routes);
}

/// What the page of the description may do: its own scripts, and styles and small pictures as Swagger UI writes them.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/// The page to try the interface on; all its files come from the binary.
fn docs() -> impl HttpServiceFactory {
    let page = SwaggerUi::new("/{_:.*}").config(utoipa_swagger_ui::Config::from(format!("{BASE}/openapi.json")));
    let policy = DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, DOCS_POLICY));
    web::scope("/docs").wrap(policy).service(page)
}

/// The description as it is served.
struct Spec(String);

/// The interface's description, OpenAPI 3.1.
#[utoipa::path(operation_id = "get_openapi", tag = "operation", responses((status = 200, description = "The description", body = Object)))]
#[get("/openapi.json")]
async fn openapi_json(spec: web::Data<Spec>) -> impl Responder {
    HttpResponse::Ok().content_type("application/json").body(spec.0.clone())
}

async fn to_docs() -> impl Responder {
    HttpResponse::Found().insert_header((header::LOCATION, "/api/v1/docs/")).finish()
}

/// What is known of the routes where none of them matched.
pub struct Fallback {
    routes: Vec<(actix_web::dev::ResourceDef, Vec<&'static str>)>,
}

impl Fallback {
    /// Reads the routes out of the description.
    pub fn new(openapi: &utoipa::openapi::OpenApi) -> Self {
        let methods = |item: &utoipa::openapi::PathItem| {
            [
                ("GET", item.get.is_some()),
                ("HEAD", item.head.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
            ]
            .into_iter()
            .filter_map(|(method, present)| present.then_some(method))
            .collect()
        };
        let routes = openapi.paths.paths.iter();
        Self { routes: routes.map(|(path, item)| (path.as_str().into(), methods(item))).collect() }
    }
}

/// Nothing is served here: a wrong method where the address exists, otherwise a wrong address.
pub async fn fallback(request: HttpRequest, known: web::Data<Fallback>) -> Result<HttpResponse, ApiError> {
    let known = known.routes.iter().find(|(route, _)| route.is_match(request.path()));
    let known = known.map(|(_, methods)| methods.join(", "));
    Err(match known.or_else(|| page::is_at(request.path()).then(|| page::METHODS.to_owned())) {
        Some(allow) => {
            let detail = format!("This address takes {allow}.");
            ApiError::from(Error::new(ErrorCode::MethodNotAllowed, detail)).with_allow(allow)
        }
        None => Error::new(ErrorCode::NotFound, "There is nothing under this address.").into(),
    })
}
