"""HTML that wants to be more than text: what sanitisers have been tricked with."""

SHA = "a1" * 32
PICTURE = f"/admin/mail-images/{SHA}"

CORPUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<img src="https://malo.example/p.gif">',
    f'<img src="{PICTURE}?x">',
    f'<img srcset="https://malo.example/x 1x" src="{PICTURE}">',
    "<svg onload=alert(1)><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<p style=\"background:url(https://malo.example)\">x</p>",
    "<style>p{background:url(//malo.example)}</style><p>x</p>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" jav&#x09;ascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="//malo.example">x</a>',
    '<a href="{cliente}">x</a>',
    '<meta http-equiv=refresh content="0;url=https://malo.example"><base href=https://malo.example>',
    "<form action=https://malo.example><input name=x><button>Enviar</button></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=x></object><embed src=x>",
    "<!--[if mso]><script>alert(1)</script><![endif]--><p>x</p>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<span class='c-rojo otra' id=x>r</span>",
    "<td>suelta</td><li>suelto",
    "<b>" * 3000,
    "<p>" * 3000 + "x",
    "\x00<\x00script>x",
    "<a href='https://a.example/?q={cliente}'>x</a>",
]  # fmt: skip
