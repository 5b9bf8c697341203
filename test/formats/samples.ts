// A few typical lines of every format, for the tests that go over all of them; a new format adds its own here.

/** By the format's id: a file's text, as its writer would leave it. */
export const SAMPLES: Readonly<Record<string, string>> = {
  combined: `192.0.2.7 - - [24/Nov/2025:17:26:01 +0000] "GET /p/1?a=b HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
192.0.2.8 - ann [24/Nov/2025:17:26:02 +0000] "POST /cart HTTP/1.1" 302 - "https://shop.example/p/1" "curl/8.10.1"
`,
  traefik: `192.0.2.7 - - [24/Nov/2025:17:26:01 +0000] "GET /p/1 HTTP/1.1" 200 512 "-" "Mozilla/5.0" 240 "shop@docker" "http://10.0.0.3:80" 12ms
192.0.2.8 - ann [24/Nov/2025:17:26:02 +0000] "GET /p/2 HTTP/2.0" - - "-" "-" 241 "-" "-" 0ms
`,
  alb: `https 2025-11-24T17:26:01.186641Z app/shop/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:80 0.001 0.048 0.000 200 200 34 366 "GET https://shop.example:443/p/1?a=b HTTP/1.1" "Mozilla/5.0 (X11)" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "shop.example" "arn:aws:acm:eu-west-1:123456789012:certificate/1" 0 2025-11-24T17:26:01.137000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234
h2 2025-11-24T17:26:02.000001Z app/shop/50dc6c495c0c9188 192.0.2.8:2818 - -1 -1 -1 503 - 34 366 "POST https://shop.example:443/cart HTTP/2.0" "curl/8.10.1" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 - "-" "-" "-" 0 2025-11-24T17:26:01.990000Z "forward" "-" "-" "-" "-" "-" "-"
`,
  elb: `2025-11-24T17:26:01.945958Z shop 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://shop.example:80/p/1 HTTP/1.1" "curl/8.10.1" - -
2025-11-24T17:26:02.945958Z shop 192.0.2.8:2818 - -1 -1 -1 503 0 0 0 "GET https://shop.example:443/p/2 HTTP/1.1" "Mozilla/5.0 (X11)" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2
`,
  s3: `79a59df900b949e5 shop-assets [24/Nov/2025:17:26:01 +0000] 192.0.2.7 79a59df900b949e5 3E57427F3EXAMPLE REST.GET.OBJECT img/a%2520b.jpg "GET /img/a%20b.jpg?versionId=1 HTTP/1.1" 200 - 113 113 17 6 "-" "S3Console/0.4, aws-sdk" - s9lzHYrFp76ZVxRcpX9= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader shop-assets.s3.eu-west-1.amazonaws.com TLSv1.2 - -
79a59df900b949e5 shop-assets [24/Nov/2025:17:26:02 +0000] 192.0.2.8 - 891CE47D2EXAMPLE WEBSITE.GET.OBJECT index.html "GET / HTTP/1.1" 304 - - 113 7 - "-" "Mozilla/5.0" -
`,
  cloudfront: `#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken
2025-11-24\t17:26:01\tCDG50-P2\t703\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t/p/1\t200\t-\tMozilla/5.0%20(X11)\ta=b\t-\tHit\t375WZmnR4h==\tshop.example\thttps\t62\t0.113
2025-11-24\t17:26:02\tCDG50-P2\t703\t192.0.2.8\tGET\td111111abcdef8.cloudfront.net\t/\t200\t-\tcurl/8.10.1\t-\t-\tMiss\t375WZmnR4i==\tshop.example\thttps\t62\t1.002
`,
  w3c: `#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2025-11-24 17:26:01
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken
2025-11-24 17:26:01 10.0.0.1 GET /p/my+page.aspx a=b 443 - 192.0.2.7 Mozilla/5.0+(Windows+NT+10.0) - 200 0 0 123
2025-11-24 17:26:02 10.0.0.1 POST /cart - 443 ann 192.0.2.8 curl/8.10.1 - 302 0 64 7
`,
  zeek: `#separator \\x09
#set_separator\t,
#empty_field\t(empty)
#unset_field\t-
#path\thttp
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod\thost\turi\treferrer\tversion\tuser_agent\trequest_body_len\tresponse_body_len\tstatus_code\tstatus_msg
#types\ttime\tstring\taddr\tport\taddr\tport\tcount\tstring\tstring\tstring\tstring\tstring\tstring\tcount\tcount\tcount\tstring
1764005161.452687\tCwFs1P2UcUdlSxD2La\t192.0.2.7\t52026\t198.51.100.2\t80\t1\tGET\tshop.example\t/p/1?q=#a\t-\t1.1\tMozilla/5.0 (X11)\t0\t512\t200\tOK
1764005162.000001\tCJxSUgkInyKSHiju1\t192.0.2.8\t52030\t198.51.100.2\t80\t1\tPOST\tshop.example\t/cart\t-\t1.1\tcurl/8.10.1\t9\t0\t302\tFound
`,
  haproxy: `Nov 24 17:26:01 lb1 haproxy[7]: 192.0.2.7:53332 [24/Nov/2025:17:26:01.143] http-in~ shop/web1 0/0/7/14/21 200 11394 - - ---- 2/1/0/0/0 0/0 {shop.example|Mozilla/5.0 (X11)} {} "GET /p/1?a=b HTTP/1.1"
Nov 24 17:26:02 lb1 haproxy[7]: 2001:db8::7:53333 [24/Nov/2025:17:26:02.000] http-in shop/<NOSRV> 0/-1/-1/-1/5000 503 +212 - - SC-- 2/1/0/0/0 0/0 "POST /cart HTTP/1.1"
`,
  envoy: `[2025-11-24T17:26:01.310Z] "GET /p/1?a=b HTTP/2" 200 - 154 512 226 100 "192.0.2.7, 10.0.0.2" "Mozilla/5.0 (X11)" "cc21d9b0-cf5c-432b" "shop.example" "10.0.2.1:80"
[2025-11-24T17:26:02.000Z] "POST /cart HTTP/1.1" 503 UH no_healthy_upstream - "-" 9 19 0 - "192.0.2.8" "curl/8.10.1" "cc21d9b0-cf5c-432c" "shop.example" "-" outbound|80||web - 10.0.0.9:8080 192.0.2.8:52030 - default
`,
  ltsv: `time:[24/Nov/2025:17:26:01 +0000]\thost:192.0.2.7\treq:GET /p/1?a=b HTTP/1.1\tstatus:200\tsize:512\tua:Mozilla/5.0 (X11)\tvhost:shop.example\treqtime:0.012
time:[24/Nov/2025:17:26:02 +0000]\thost:192.0.2.8\treq:POST /cart HTTP/1.1\tstatus:302\tsize:-\tua:curl/8.10.1\tvhost:shop.example\treqtime:0.700
`,
  squid: `1764005161.586    919 192.0.2.7 TCP_MISS/200 512 GET http://shop.example/p/1?a=b - HIER_DIRECT/198.51.100.2 text/html
1764005162.000      0 192.0.2.8 TCP_DENIED/407 3500 CONNECT shop.example:443 - HIER_NONE/- text/html
`,
  uwsgi: `[pid: 88185|app: 0|req: 1/1] 192.0.2.7 () {38 vars in 696 bytes} [Mon Nov 24 17:26:01 2025] GET /p/1?a=b => generated 47 bytes in 129 msecs (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)
[pid: 88185|app: 0|req: 2/2] 192.0.2.8 (ann) {38 vars in 696 bytes} [Mon Nov  3 17:26:02 2025] POST /cart => generated 9 bytes in 68 micros (HTTP/1.1 302) 9 headers in 378 bytes (1 switches on core 3)
`,
  npm: `[24/Nov/2025:17:26:01 +0000] - 200 200 - GET https shop.example "/p/1?a=b" [Client 192.0.2.7] [Length 512] [Gzip 3.10] [Sent-to web1] "Mozilla/5.0 (X11)" "-"
[24/Nov/2025:17:26:02 +0000] 404 - GET http shop.example "/x" [Client 192.0.2.8] [Length 0] [Gzip -] "curl/8.10.1" "-"
`,
  har: `${JSON.stringify({
    log: {
      version: '1.2',
      creator: { name: 'a browser', version: '1' },
      entries: [
        {
          startedDateTime: '2025-11-24T17:26:01.123Z',
          time: 42.5,
          request: {
            method: 'GET',
            url: 'https://shop.example/products/7',
            httpVersion: 'HTTP/2',
            headers: [],
          },
          response: { status: 200, headers: [], content: { size: 5 } },
        },
      ],
    },
  })}\n`,
  gor: [
    '1 f45590522cd1838b4a0d5c5aab80b77929dea3b3 1764005161123456789 0\nGET /products/7 HTTP/1.1\r\n',
    'Host: shop.example\r\nUser-Agent: Firefox/140.0\r\n\r\n\n🐵🙈🙉\n',
  ].join(''),
  vegeta: '{"method":"GET","url":"http://shop.example/products/7","header":{"accept":["*/*"]}}\n'.repeat(3),
  caddy: `${JSON.stringify({
    level: 'info',
    ts: 1764005161.25,
    logger: 'http.log.access',
    msg: 'handled request',
    request: {
      remote_ip: '192.0.2.7',
      proto: 'HTTP/2.0',
      method: 'GET',
      host: 'shop.example',
      uri: '/products/7',
    },
    duration: 0.012,
    size: 512,
    status: 200,
  })}\n`.repeat(2),
  'traefik-json': `${JSON.stringify({
    ClientAddr: '192.0.2.7:4711',
    DownstreamStatus: 200,
    Duration: 12_000_000,
    RequestHost: 'shop.example',
    RequestMethod: 'GET',
    RequestPath: '/products/7',
    StartUTC: '2025-11-24T17:26:01.123456789Z',
    time: '2025-11-24T17:26:01Z',
  })}\n`.repeat(2),
  cloudflare: `${JSON.stringify({
    ClientIP: '192.0.2.7',
    ClientRequestHost: 'shop.example',
    ClientRequestMethod: 'GET',
    ClientRequestURI: '/products/7?a=1',
    EdgeStartTimestamp: '2025-11-24T17:26:01Z',
    EdgeEndTimestamp: '2025-11-24T17:26:02Z',
    EdgeResponseStatus: 200,
    EdgeResponseBytes: 512,
    RayID: '41ddf1740f67442d',
  })}\n`.repeat(2),
  gcp: `${JSON.stringify({
    httpRequest: {
      latency: '0.058927s',
      remoteIp: '192.0.2.7',
      requestMethod: 'GET',
      requestUrl: 'https://shop.example/products/7',
      status: 200,
      responseSize: '512',
    },
    resource: { type: 'http_load_balancer', labels: {} },
    timestamp: '2025-11-24T17:26:01.123456Z',
  })}\n`.repeat(2),
  vercel: `${[1, 2]
    .map((n) =>
      JSON.stringify({
        id: `log-${n}`,
        deploymentId: 'dpl_1',
        requestId: `request-${n}`,
        source: 'lambda',
        timestamp: 1764005161123 + n,
        proxy: {
          timestamp: 1764005161100 + n,
          method: 'GET',
          host: 'shop.example',
          path: '/products/7',
          statusCode: 200,
          clientIp: '192.0.2.7',
          userAgent: ['Firefox/140.0'],
        },
      }),
    )
    .join('\n')}\n`,
  json: `${JSON.stringify({
    time_iso8601: '2025-11-24T17:26:01+00:00',
    remote_addr: '192.0.2.7',
    request: 'GET /products/7 HTTP/1.1',
    status: '200',
    request_time: '0.012',
    http_host: 'shop.example',
  })}\n`.repeat(2),
  csv: 'time,method,path,status,duration_ms\n2025-11-24T17:26:01.123Z,GET,/products/7,200,12\n'.concat(
    '2025-11-24T17:26:01.456Z,GET,/products/8,200,15\n',
  ),
};
