"""Functions to warm up with: loaded from a file and called as any other."""


def handler(event, context):
    return {"size": len(event), "retries": context.retry_count}


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read()]
