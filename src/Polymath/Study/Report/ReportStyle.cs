namespace Polymath.Study.Report;

/// <summary>
/// The style sheet of the report. It stands in a style element, where &lt; and &amp; must not occur. Method colours are apart in hue and lightness,
/// also to eyes that do not tell red from green (after Okabe and Ito 2008), and every method has a marker of its own besides.
/// </summary>
internal static class ReportStyle
{
    /// <summary>The number of method colours; further methods begin again.</summary>
    public const int Colours = 8;

    public const string Css = """
        :root{color-scheme:light dark;--bg:#fbfbf9;--card:#fff;--ink:#1d2125;--soft:#57606a;--line:#dde1e6;--grid:#e9ecef;--accent:#0b5cad;--hit:11,92,173;--miss:196,84,0;
        --c0:#6b7480;--c1:#c45400;--c2:#007a5a;--c3:#a8327f;--c4:#0b5cad;--c5:#7d6200;--c6:#5646bf;--c7:#9b2c2c}
        @media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1b1f23;--ink:#e6e9ed;--soft:#a3adb8;--line:#30373f;--grid:#262c32;--accent:#6cb6ff;--hit:76,154,236;--miss:226,122,44;
        --c0:#98a2ae;--c1:#f08c4a;--c2:#45c89d;--c3:#e78bc6;--c4:#6cb6ff;--c5:#dcbc4b;--c6:#a99cff;--c7:#f08a8a}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
        @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
        body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
        main,header,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
        header{padding-top:2.5rem}
        header p{max-width:60rem}
        h1{font-size:clamp(1.6rem,4vw,2.2rem);line-height:1.2;letter-spacing:-.015em;margin:0 0 .5rem;text-wrap:balance}
        h2{font-size:1.45rem;line-height:1.25;letter-spacing:-.01em;margin:0 0 .25rem}
        h3{font-size:1rem;margin:0 0 .25rem}
        p{margin:.35rem 0 .8rem;max-width:44rem}
        a{color:var(--accent)}
        code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;margin:.5rem 0 1rem}
        .soft{color:var(--soft)}
        .small{font-size:.875rem}
        nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:.75rem 0 0;padding:0}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1rem;margin:1.25rem 0 2.5rem}
        .card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.25rem 1rem;min-width:0;display:flex;flex-direction:column}
        .card h3{font-size:1.1rem}
        .card h3 a{color:inherit;text-decoration-color:var(--line);text-underline-offset:.2em}
        .card .kind{margin:0;font-size:.85rem;color:var(--soft)}
        .card .why{margin:.6rem 0 .6rem;font-size:.95rem}
        .card svg{margin-top:auto}
        .pick{display:inline-block;font-weight:650}
        .section{border-top:1px solid var(--line);padding:2.25rem 0 1.5rem}
        .verdict{border-left:4px solid var(--accent);padding:.15rem 0 .15rem .9rem;margin:.9rem 0 1.3rem;max-width:46rem}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem;margin:1.5rem 0}
        figure{background:var(--card);border:1px solid var(--line);border-radius:12px;margin:0;padding:1rem 1.1rem .7rem;min-width:0}
        figcaption{font-size:.85rem;color:var(--soft);margin:.35rem 0 0}
        figcaption strong{display:block;color:var(--ink);font-size:.95rem;font-weight:620}
        figure figcaption.above{margin:0 0 .5rem}
        svg{display:block;width:100%;height:auto;font-family:inherit;overflow:visible}
        svg text{fill:var(--ink);font-size:10.5px}
        svg text.soft{fill:var(--soft)}
        svg .grid{stroke:var(--grid);stroke-width:1}
        svg .axis{stroke:var(--line);stroke-width:1}
        svg .end{text-anchor:end}
        svg .middle{text-anchor:middle}
        .wide{overflow-x:auto;margin:0 0 1rem;-webkit-overflow-scrolling:touch}
        .wide:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        caption{text-align:left;font-size:.85rem;color:var(--soft);padding:0 0 .5rem}
        .scores{width:100%;font-size:.925rem}
        .scores th,.scores td{padding:.5rem .7rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top;white-space:nowrap}
        .scores th:first-child,.scores td:first-child{text-align:left;padding-left:0}
        .scores thead th{font-weight:600;font-size:.8rem;color:var(--soft);vertical-align:bottom;white-space:normal}
        .scores tbody th{font-weight:500}
        .scores .best th{font-weight:680}
        .scores .sub{display:block;font-size:.8rem;color:var(--soft);font-weight:400}
        .dot{display:inline-block;width:.7em;height:.7em;border-radius:50%;margin-right:.5em}
        .badge{display:inline-block;font-size:.72rem;font-weight:600;border:1px solid currentColor;border-radius:99px;padding:0 .5em;margin-left:.5em;color:var(--accent);vertical-align:.08em}
        .heat{font-size:.8rem}
        .heat th{font-weight:500;padding:.15rem .4rem;color:var(--soft);text-align:right;white-space:nowrap}
        .heat thead th{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;padding:.4rem .15rem;vertical-align:bottom}
        .heat thead th.corner{writing-mode:horizontal-tb;transform:none;font-size:.75rem;text-align:right}
        .heat td{width:2.1rem;min-width:2.1rem;height:1.9rem;text-align:center;border:1px solid var(--bg)}
        .heat td.zero{background:var(--grid);color:transparent}
        .heat td.deep{color:#fff}
        .heat tbody th{position:sticky;left:0;background:var(--card)}
        .duo{display:flex;flex-wrap:wrap;gap:1.25rem 1.5rem;align-items:flex-start;margin:1.5rem 0}
        .duo figure{flex:0 1 auto;min-width:min(100%,17rem);max-width:100%}
        .duo figure.drawn{flex:1 1 22rem;max-width:34rem}
        .duo figure figcaption{width:0;min-width:100%}
        .duo .reading{flex:1 1 24rem;min-width:0}
        .mistakes{list-style:none;margin:.75rem 0 0;padding:0;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:.75rem}
        .mistakes li{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.8rem 1rem;min-width:0}
        .mistakes q{display:block;quotes:none;margin-bottom:.5rem;overflow-wrap:anywhere}
        .mistakes q+q{border-top:1px dashed var(--line);padding-top:.5rem}
        .mistakes dl{display:grid;grid-template-columns:auto 1fr;gap:.05rem .7rem;margin:0;font-size:.875rem}
        .mistakes dt{color:var(--soft)}
        .mistakes dd{margin:0;min-width:0;overflow-wrap:anywhere}
        .facts{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:.8rem 0 1.2rem;font-size:.925rem}
        .facts dt{color:var(--soft)}
        .facts dd{margin:0;min-width:0;overflow-wrap:anywhere}
        footer{padding-top:1rem;padding-bottom:3rem;color:var(--soft);font-size:.85rem}
        @media (max-width:720px){
        body{font-size:15.5px}
        header{padding-top:1.5rem}
        .scores thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        .scores,.scores tbody,.scores tr,.scores caption{display:block}
        .scores tr{border:1px solid var(--line);border-radius:12px;background:var(--card);padding:.6rem .9rem;margin-bottom:.6rem}
        .scores tbody th{display:block;border:0;padding:.1rem 0 .35rem;font-weight:650;white-space:normal}
        .scores td,.scores td:first-child{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.12rem 0;white-space:normal}
        .scores td::before{content:attr(data-label);color:var(--soft);text-align:left}
        .scores td.none{display:none}
        .facts{grid-template-columns:1fr;gap:0}
        .facts dd{margin-bottom:.5rem}
        }
        @media print{.card,figure,.mistakes li{break-inside:avoid}nav{display:none}}
        """;
}
