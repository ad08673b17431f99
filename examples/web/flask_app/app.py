"""A Flask application as it would be written for any WSGI server: word counts of texts that are sent to it. Its handler is app.app."""
import flask

app = flask.Flask(__name__)
texts = {}


@app.route("/texts/<name>", methods=["PUT"])
def put(name):
    texts[name] = flask.request.get_data(as_text=True)
    return flask.jsonify(name=name, words=len(texts[name].split())), 201


@app.route("/texts/<name>")
def get(name):
    if name not in texts:
        flask.abort(404, "no text of this name")
    word = flask.request.args.get("count")
    found = sum(1 for one in texts[name].split() if one == word) if word else len(texts[name].split())
    answer = flask.jsonify(name=name, count=found)
    answer.set_cookie("last", name, httponly=True)
    return answer


@app.route("/upload", methods=["POST"])
def upload():
    file = flask.request.files["text"]
    return {"file": file.filename, "bytes": len(file.read()), "note": flask.request.form["note"]}


@app.route("/stream")
def stream():
    return app.response_class((f"line {i}\n" for i in range(1000)), mimetype="text/plain")


@app.route("/page")
def page():
    return flask.render_template_string("<p>{{ text }}</p>", text="<escaped>")


@app.route("/where")
def where():
    return flask.jsonify(flask=flask.__file__, request=flask.request.environ["fc.context"].request_id)


@app.errorhandler(404)
def not_found(error):
    return flask.jsonify(error=error.description), 404
