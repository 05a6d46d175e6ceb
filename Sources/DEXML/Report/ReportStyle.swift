/// The page's style sheet.
enum ReportStyle {
  static let sheet: Markup = """

    :root {
      --ground: #fff; --panel: #f6f7f9; --ink: #1c2430; --soft: #5b6675; --rule: #dde2e8; --good: #1d7a3c; --bad: #b3361f; --mark: #fff1c9;
      --s0: #1f6fb4; --s1: #c8501e; --s2: #2c8a4b; --s3: #8a4fbf; --s4: #96690f; --s5: #c2387a; --s6: #14808a; --s7: #5c6670;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #12161c; --panel: #1b212a; --ink: #e4e9f0; --soft: #9aa7b7; --rule: #313a46; --good: #6fd08c; --bad: #ff9a85; --mark: #4a3d12;
        --s0: #6db3f2; --s1: #ff9466; --s2: #66cf8a; --s3: #c39af0; --s4: #e0b45c; --s5: #f783b4; --s6: #5fd0d0; --s7: #b0bac4;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
    main { max-width: 1160px; margin: 0 auto; padding: 16px; }
    h1 { font-size: 26px; margin: 8px 0 0; overflow-wrap: anywhere; }
    h2 { font-size: 20px; margin: 36px 0 8px; padding-top: 12px; border-top: 1px solid var(--rule); }
    h3 { font-size: 16px; margin: 20px 0 8px; overflow-wrap: anywhere; }
    h4 { font-size: 13px; margin: 0 0 2px; color: var(--soft); font-weight: 600; }
    p { margin: 6px 0 12px; max-width: 75ch; }
    small, header p { color: var(--soft); font-weight: 400; }
    .text { unicode-bidi: isolate; overflow-wrap: anywhere; }
    .note { color: var(--soft); border-left: 3px solid var(--rule); padding-left: 10px; }
    .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 8px 0; }
    .swatch { width: 24px; height: 8px; vertical-align: middle; margin-right: 6px; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 14px; }
    .charts.two { grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
    figure { margin: 0; padding: 10px; background: var(--panel); border-radius: 8px; max-width: 720px; }
    figcaption { font-weight: 600; font-size: 14px; }
    figure svg { display: block; width: 100%; height: auto; }
    .grid { stroke: var(--rule); stroke-width: 1; }
    .tick { fill: var(--soft); font-size: 12px; }
    .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .faint { opacity: .3; stroke-width: 1; }
    .dashed { stroke-dasharray: 6 3; }
    .dot { stroke: none; }
    .bar.dashed { stroke-dasharray: none; fill-opacity: .55; }
    .curve.s0 { stroke: var(--s0); } .dot.s0, .bar.s0 { fill: var(--s0); }
    .curve.s1 { stroke: var(--s1); } .dot.s1, .bar.s1 { fill: var(--s1); }
    .curve.s2 { stroke: var(--s2); } .dot.s2, .bar.s2 { fill: var(--s2); }
    .curve.s3 { stroke: var(--s3); } .dot.s3, .bar.s3 { fill: var(--s3); }
    .curve.s4 { stroke: var(--s4); } .dot.s4, .bar.s4 { fill: var(--s4); }
    .curve.s5 { stroke: var(--s5); } .dot.s5, .bar.s5 { fill: var(--s5); }
    .curve.s6 { stroke: var(--s6); } .dot.s6, .bar.s6 { fill: var(--s6); }
    .curve.s7 { stroke: var(--s7); } .dot.s7, .bar.s7 { fill: var(--s7); }
    .wide { overflow-x: auto; }
    .wide th:first-child { position: sticky; left: 0; background: var(--ground); }
    table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
    th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top; }
    thead th { vertical-align: bottom; font-size: 13px; }
    tbody th { font-weight: 400; }
    .numbers th:not(:first-child), .numbers td { text-align: right; padding: 4px 0 4px 14px; }
    .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 20px 32px; }
    .labels { width: 100%; }
    .labels tbody th { min-width: 130px; }
    .labels thead th:not(:first-child), .labels td { padding-left: 8px; }
    .facts .text { overflow-wrap: break-word; }
    .metrics td:nth-child(even), .metrics thead th:nth-child(even) { border-left: 1px solid var(--rule); }
    .metrics td, .metrics thead th:not(:first-child) { padding-right: 14px; }
    @media (max-width: 600px) {
      .labels { font-size: 13px; }
      .labels thead th { font-size: 12px; }
      .labels tbody th { min-width: 104px; padding-right: 0; }
    }
    details { margin: 12px 0; }
    summary { cursor: pointer; color: var(--soft); }
    article { background: var(--panel); border-radius: 8px; padding: 12px 14px; margin: 12px 0; }
    .document { margin: 0 0 10px; max-width: none; }
    .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr)); gap: 12px 20px; }
    .columns ol, .columns ul { margin: 0; padding: 0; list-style: none; }
    .hit b, span.hit { color: var(--good); }
    .miss b, span.miss { color: var(--bad); }
    .settings td { min-width: 100px; }
    .changed { background: var(--mark); padding: 1px 4px; border-radius: 3px; }
    .differs { border-left: 4px solid var(--s1); padding-left: 6px; font-weight: 600; }
    code { font-size: 13px; overflow-wrap: anywhere; }
    .folders { padding-left: 18px; }

    """
}
