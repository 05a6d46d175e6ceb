/// The page for trying the service: one document without anything from elsewhere. What the service answers is put into it as text only.
enum TryPage {
  /// - Parameters:
  ///   - nonce: what the page's own script and style are known by.
  ///   - topK: the most labels that may be asked for.
  static func html(nonce: String, topK: Int) -> String {
    """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>DEXML</title>
    <link rel="icon" href="data:,">
    <style nonce="\(nonce)">\(style)</style>
    <main>
    <header><h1>DEXML</h1><p id="state" role="status">Nearest labels of a text</p></header>
    <form id="ask">
    <label for="text">Text</label>
    <textarea id="text" rows="5" required></textarea>
    <div class="row">
    <label for="top">Labels</label>
    <input id="top" type="number" min="1" max="\(topK)" value="\(min(10, topK))" required>
    <button>Find labels</button>
    </div>
    </form>
    <p id="error" role="alert" hidden></p>
    <section aria-live="polite"><ol id="found"></ol><p id="time"></p></section>
    <form id="add">
    <label for="label">New label</label>
    <div class="row"><input id="label" required autocomplete="off"><button>Add label</button></div>
    </form>
    </main>
    <script nonce="\(nonce)">\(script)</script>
    </html>

    """
  }

  private static let style = """

    :root { --ground: #fff; --panel: #f6f7f9; --ink: #1c2430; --soft: #5b6675; --rule: #c9d0d9; --mark: #1f6fb4; --on: #fff; --bad: #b3361f; }
    @media (prefers-color-scheme: dark) {
      :root { --ground: #12161c; --panel: #1b212a; --ink: #e4e9f0; --soft: #9aa7b7; --rule: #3b4654; --mark: #6db3f2; --on: #10151b; --bad: #ff9a85; }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 760px; margin: 0 auto; padding: 16px; }
    header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 16px; margin-bottom: 16px; }
    h1 { font-size: 26px; margin: 0; }
    p { margin: 0; }
    #state, #time { color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
    form { background: var(--panel); border-radius: 8px; padding: 12px 14px; margin: 0 0 16px; }
    label { display: block; font-weight: 600; font-size: 14px; margin-bottom: 4px; }
    .row { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 10px; }
    #ask .row { margin-top: 10px; }
    .row label { margin: 0; }
    textarea, input { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--rule); border-radius: 6px; padding: 7px 9px; }
    textarea { width: 100%; resize: vertical; display: block; }
    #top { width: 5.5em; }
    #label { flex: 1 1 180px; min-width: 0; }
    button { font: inherit; font-weight: 600; color: var(--on); background: var(--mark); border: 0; border-radius: 6px; padding: 8px 16px; cursor: pointer; }
    button:disabled { opacity: .55; cursor: default; }
    #ask button { margin-left: auto; }
    :focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
    #error { color: var(--bad); border-left: 3px solid var(--bad); padding-left: 10px; margin-bottom: 16px; overflow-wrap: anywhere; }
    ol { list-style: none; margin: 0; padding: 0; }
    li { display: grid; grid-template-columns: minmax(0, 1fr) 5em; gap: 0 12px; padding: 6px 0; border-bottom: 1px solid var(--rule); }
    li span { overflow-wrap: anywhere; unicode-bidi: isolate; white-space: pre-wrap; }
    li data { text-align: right; font-variant-numeric: tabular-nums; }
    li div { grid-column: 1 / -1; height: 4px; border-radius: 2px; background: var(--mark); min-width: 2px; }
    section { margin-bottom: 20px; }
    #time { margin-top: 6px; }

    """

  private static let script = """

    "use strict";
    const at = id => document.getElementById(id);
    const ask = async (path, body) => {
      const request = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const response = await fetch(path, request);
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      return answer;
    };
    const state = async () => {
      const { labels, model } = await ask("healthz");
      at("state").textContent = `${labels.toLocaleString("en")} labels · ${model}`;
    };
    const piece = (name, text) => {
      const element = document.createElement(name);
      if (text !== undefined) element.textContent = text;
      return element;
    };
    const show = predictions => {
      const best = Math.max(1e-9, ...predictions.map(p => p.score), 1);
      at("found").replaceChildren(...predictions.map(({ label, score }) => {
        const item = piece("li"), bar = piece("div");
        bar.style.width = `${100 * Math.max(0, score) / best}%`;
        item.append(piece("span", label), piece("data", score.toFixed(4)), bar);
        return item;
      }));
    };
    const onSubmit = (id, action) => at(id).addEventListener("submit", async event => {
      event.preventDefault();
      const button = event.target.querySelector("button");
      button.disabled = true;
      at("error").hidden = true;
      try {
        await action();
      } catch (error) {
        at("error").textContent = error.message;
        at("error").hidden = false;
      } finally {
        button.disabled = false;
      }
    });
    const find = async () => {
      const began = performance.now();
      const { predictions } = await ask("predict", { text: at("text").value, top_k: at("top").valueAsNumber });
      show(predictions[0]);
      at("time").textContent = `${Math.round(performance.now() - began)} ms`;
    };
    onSubmit("ask", find);
    onSubmit("add", async () => {
      const answer = await ask("labels", { labels: [at("label").value] });
      await state();
      at("state").textContent += answer.added ? " · added" : " · was already there";
      if (at("text").value.trim()) await find();
    });
    state().catch(error => { at("state").textContent = error.message; });

    """
}
