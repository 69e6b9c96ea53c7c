/// How pages look; plots have a style of their own, which goes into files without a page, too.
enum PageStyle {
  static let sheet = """
    :root{--page:#f5f7f9;--card:#ffffff;--text:#1b2430;--quiet:#5b6675;--line:#e3e7ec;--accent:#0b66c3;--good:#e4f4e8;--bad:#fbe3df}
    @media (prefers-color-scheme:dark){:root{--page:#0c0f13;--card:#12161c;--text:#e4e9f0;--quiet:#9aa6b5;\
    --line:#2a313b;--accent:#62a8f5;--good:#17331f;--bad:#46211c}}
    *{box-sizing:border-box}
    body{margin:0 auto;padding:28px 20px 60px;max-width:1120px;background:var(--page);color:var(--text);\
    font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    h1{font-size:26px;line-height:1.25;margin:0 0 14px;overflow-wrap:anywhere}
    h2{font-size:18px;margin:0 0 6px}
    a{color:var(--accent)}
    code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:0 0 24px}
    dt{color:var(--quiet)}
    dd{margin:0;overflow-wrap:anywhere}
    nav{display:flex;flex-wrap:wrap;gap:6px 18px;margin:0 0 24px}
    section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px 22px;margin:0 0 20px}
    .note{color:var(--quiet);margin:0 0 12px;max-width:75ch}
    .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:14px;margin:0 0 20px}
    .tile{display:block;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;\
    color:inherit;text-decoration:none}
    .tile:hover{border-color:var(--accent)}
    .tile h2{font-size:13px;font-weight:500;color:var(--quiet);margin:0}
    .tile p{margin:0}
    .tile .value{font-size:24px;font-weight:600;line-height:1.3}
    .tile .what,.tile ul{font-size:13px;color:var(--quiet)}
    .tile ul{list-style:none;margin:6px 0 0;padding:6px 0 0;border-top:1px solid var(--line)}
    figure{margin:0 0 20px}
    figcaption,.caption{margin:0 0 4px;color:var(--quiet);font-size:13px}
    .scroll{overflow-x:auto}
    svg.plot{display:block;max-width:100%;min-width:600px;height:auto}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
    th,td{padding:4px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
    th:first-child,td:first-child{padding-left:4px}
    .name{text-align:left;font-weight:500}
    thead th{color:var(--quiet);font-weight:500;white-space:normal;vertical-align:bottom}
    thead span{white-space:nowrap}
    td.best{background:var(--good);font-weight:600}
    td.missed{background:var(--bad);font-weight:600}
    td.missing{color:var(--quiet)}
    tr.summary>*{font-weight:600;border-top:2px solid var(--line);border-bottom:0}
    details{margin:14px 0 0}
    summary{cursor:pointer;color:var(--quiet);font-size:14px}
    details ul{margin:8px 0 0;padding-left:20px;font-size:14px;overflow-wrap:anywhere}
    @media print{body{background:none;padding:0}section,.tile{break-inside:avoid}}

    """
}
