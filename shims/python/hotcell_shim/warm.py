"""A function to warm up with: loaded from a file and called as any other."""


def handler(event, context):
    return {"size": len(event), "retries": context.retry_count}
