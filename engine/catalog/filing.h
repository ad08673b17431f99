// How a document gets into the ledger and out of it: one row, one change of a map, one snapshot. With the write lock held.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "engine/catalog/documents.h"
#include "engine/catalog/ledger_state.h"
#include "engine/catalog/store/settings_json.h"

namespace hotcell::catalog {

template <class Document>
StoredDocument stored(const Document& document) {
    const Place place = place_of(document);
    StoredDocument row{std::string(kind_of<Document>()), place.service, place.function, place.name, as_json(document)};
    if constexpr (requires { document.id; }) row.id = document.id;
    if constexpr (requires { document.etag; }) row.etag = document.etag;
    if constexpr (requires { document.created_ms; }) row.created_ms = document.created_ms;
    if constexpr (requires { document.modified_ms; }) row.modified_ms = document.modified_ms;
    return row;
}

template <class Document>
Result<> file(const StoredDocument& row, Document document, Documents& into) {
    TRY(read_json(row.body, document));
    if constexpr (requires { document.id; }) document.id = row.id;
    if constexpr (requires { document.etag; }) document.etag = row.etag;
    if constexpr (requires { document.created_ms; }) document.created_ms = row.created_ms;
    if constexpr (requires { document.modified_ms; }) document.modified_ms = row.modified_ms;
    filed<Document>(into).insert_or_assign(Place{row.service, row.function, row.name}, std::move(document));
    return {};
}

/// Puts a document in and makes it the snapshot's. With the write lock held.
template <class State, class Document>
Result<Document> put(State& state, Document document) {
    TRY_IN("file a " + std::string(kind_of<Document>()), state.store.put(stored(document)));
    Documents next = state.snapshot()->documents();
    filed<Document>(next).insert_or_assign(place_of(document), document);
    state.publish(state.snapshot()->with(std::move(next)));
    return document;
}

template <class Document, class State>
Result<> remove(State& state, const Place& place) {
    TRY_IN("remove a " + std::string(kind_of<Document>()),
           state.store.remove(
               StoredDocument{std::string(kind_of<Document>()), place.service, place.function, place.name}));
    Documents next = state.snapshot()->documents();
    filed<Document>(next).erase(place);
    state.publish(state.snapshot()->with(std::move(next)));
    return {};
}

template <class Document>
const Document* find(const Snapshot& snapshot, const Place& place) {
    const auto& all = filed<Document>(snapshot.documents());
    const auto found = all.find(place);
    return found == all.end() ? nullptr : &found->second;
}

/// Times and etag of what is put in the place of what may be there.
template <class Document>
void stamp(Document& document, const Document* before) {
    document.created_ms = before ? before->created_ms : now_ms();
    document.modified_ms = std::max(document.created_ms, now_ms());
    if constexpr (requires { document.etag; }) document.etag = new_etag();
}

}  // namespace hotcell::catalog
