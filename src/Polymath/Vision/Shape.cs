namespace Polymath.Vision;

/// <summary>
/// A shape of radius 1 around the origin, as straight lines: closed contours, whose inside is what an odd number of them goes around, or an
/// open line. Curves are lines short enough that a pixel does not show them.
/// </summary>
internal sealed class Shape
{
    /// <summary>A twenty-fourth of a full turn.</summary>
    private const double StepCosine = 0.96592582628906829, StepSine = 0.25881904510252076;

    private const int Turn = 24;

    private readonly (double X, double Y)[][] _contours;

    private Shape(string name, bool closed, params (double X, double Y)[][] contours)
    {
        (Name, IsClosed) = (name, closed);
        _contours = closed ? [.. contours.Select(contour => ((double, double)[])[.. contour, contour[0]])] : contours;
    }

    /// <summary>All shapes by label.</summary>
    public static IReadOnlyList<Shape> All { get; } =
    [
        new("circle", true, Arc(1, 0, Turn)),
        new("square", true, [(-0.75, -0.75), (0.75, -0.75), (0.75, 0.75), (-0.75, 0.75)]),
        new("triangle", true, [(0, -1), (0.87, 0.55), (-0.87, 0.55)]),
        new("star", true, [(0, -1), (0.235, -0.324), (0.951, -0.309), (0.380, 0.124), (0.588, 0.809), (0, 0.4), (-0.588, 0.809), (-0.380, 0.124), (-0.951, -0.309), (-0.235, -0.324)]),
        new("cross", true, [(-0.28, -0.95), (0.28, -0.95), (0.28, -0.28), (0.95, -0.28), (0.95, 0.28), (0.28, 0.28), (0.28, 0.95), (-0.28, 0.95), (-0.28, 0.28), (-0.95, 0.28), (-0.95, -0.28), (-0.28, -0.28)]),
        new("arrow", true, [(0, -1), (0.7, -0.2), (0.25, -0.2), (0.25, 0.95), (-0.25, 0.95), (-0.25, -0.2), (-0.7, -0.2)]),
        new("ring", true, Arc(1, 0, Turn), Arc(0.5, 0, Turn)),
        // The outer arc goes three quarters around, the inner one back along a smaller circle that cuts it.
        new("crescent", true, [.. Arc(1, 3, 18).Append(Arc(1, 21, 1)[0]), .. Arc(0.75, 19, -15).Select(point => (point.X + 0.45, point.Y))]),
        new("spiral", false, [.. Arc(1, 0, 49).Select((point, i) => (point.X * (0.06 + 0.94 * i / 48), point.Y * (0.06 + 0.94 * i / 48)))]),
        new("zigzag", false, [(-0.95, 0.3), (-0.57, -0.45), (-0.19, 0.45), (0.19, -0.45), (0.57, 0.45), (0.95, -0.3)]),
    ];

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>Whether it has an inside.</summary>
    public bool IsClosed { get; }

    /// <summary>The distance of a point from the lines, negative inside.</summary>
    public double Distance(double x, double y)
    {
        var nearest = double.MaxValue;
        var inside = false;
        foreach (var contour in _contours)
            for (var i = 1; i < contour.Length; i++)
            {
                var (fromX, fromY) = contour[i - 1];
                double alongX = contour[i].X - fromX, alongY = contour[i].Y - fromY, toX = x - fromX, toY = y - fromY;
                var share = Math.Clamp((toX * alongX + toY * alongY) / (alongX * alongX + alongY * alongY), 0, 1);
                double offX = toX - share * alongX, offY = toY - share * alongY;
                nearest = Math.Min(nearest, offX * offX + offY * offY);
                // A ray to the right crosses this line.
                if (fromY > y != contour[i].Y > y && x < fromX + alongX * (y - fromY) / alongY) inside = !inside;
            }
        return Math.Sqrt(nearest) * (inside && IsClosed ? -1 : 1);
    }

    /// <summary>Points on a circle, from a step of the turn on, so many steps forwards, or backwards where negative.</summary>
    private static (double X, double Y)[] Arc(double radius, int from, int steps)
    {
        var points = new (double X, double Y)[Math.Abs(steps)];
        double x = radius, y = 0;
        for (var i = 0; i < from; i++) (x, y) = Step(x, y, 1);
        for (var i = 0; i < points.Length; i++)
        {
            points[i] = (x, y);
            (x, y) = Step(x, y, Math.Sign(steps));
        }
        return points;
    }

    private static (double X, double Y) Step(double x, double y, int way) => (StepCosine * x - way * StepSine * y, way * StepSine * x + StepCosine * y);
}
